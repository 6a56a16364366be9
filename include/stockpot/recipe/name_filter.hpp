#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::recipe {

/// `include:` and `exclude:`: which tensors a method merges. Regexes (RE2) are searched anywhere in the name;
/// without `include` every name is in; `exclude` wins.
class NameFilter {
 public:
  /// @pre every regex compiles (the parser has checked)
  NameFilter(const std::vector<std::string>& include, const std::vector<std::string>& exclude);
  ~NameFilter();
  NameFilter(NameFilter&&) noexcept;

  [[nodiscard]] bool merges(std::string_view tensor_name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stockpot::recipe
