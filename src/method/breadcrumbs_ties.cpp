#include "method/breadcrumbs_family.hpp"

namespace stockpot::method {

std::unique_ptr<Method> make_breadcrumbs_ties();
std::unique_ptr<Method> make_breadcrumbs_ties() {
  return make_breadcrumbs_method("breadcrumbs_ties", "breadcrumbs with elected signs", true);
}

}  // namespace stockpot::method
