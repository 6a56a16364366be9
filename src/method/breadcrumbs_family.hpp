#pragma once

#include <memory>
#include <string>

#include "stockpot/method/method.hpp"

namespace stockpot::method {

/// Model Breadcrumbs (Davari & Belilovsky 2023): of each task vector the int(gamma n) largest and the
/// smallest magnitudes go, until int(density n) are left. `elects`: signs are elected as in
/// TIES.
std::unique_ptr<Method> make_breadcrumbs_method(std::string name, std::string summary, bool elects);

}  // namespace stockpot::method
