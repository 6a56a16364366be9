#include "method/della_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_della_linear();
std::unique_ptr<Method> make_della_linear() {
  return make_della_method("della_linear", "sum of task vectors thinned by chance, large entries less",
                           false);
}

}  // namespace stockpot::method
