#include "method/della_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_della();
std::unique_ptr<Method> make_della() {
  return make_della_method(
      "della",
      "mean of the entries of the elected sign in task vectors thinned by chance, large entries less", true);
}

}  // namespace stockpot::method
