#include "method/breadcrumbs_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_breadcrumbs();
std::unique_ptr<Method> make_breadcrumbs() {
  return make_breadcrumbs_method("breadcrumbs", "sum of task vectors without outliers and small entries",
                                 false);
}

}  // namespace stockpot::method
