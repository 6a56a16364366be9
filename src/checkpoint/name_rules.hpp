#pragma once

#include <string>
#include <vector>

#include "stockpot/checkpoint/view.hpp"

namespace stockpot::checkpoint {

/// A view on its way through the rules.
struct NamedView {
  TensorView view;
  std::string source;  ///< the stored names it comes from, for messages
  bool tied = false;   ///< made from a name that the checkpoint does not store; gives way to any other
};

/// Applies the rules meant for this model, in order; see `make_views`.
std::vector<NamedView> apply_rules(const Checkpoint& checkpoint, std::vector<NamedView> views,
                                   const std::vector<recipe::NameRule>& rules, const std::string& model_name);

}  // namespace stockpot::checkpoint
