#include "method/dare_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_dare_ties();
std::unique_ptr<Method> make_dare_ties() {
  return make_dare_method("dare_ties", "randomly thinned task vectors with elected signs", true);
}

}  // namespace stockpot::method
