#include "method/dare_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_dare_linear();
std::unique_ptr<Method> make_dare_linear() {
  return make_dare_method("dare_linear", "sum of randomly thinned task vectors", false);
}

}  // namespace stockpot::method
