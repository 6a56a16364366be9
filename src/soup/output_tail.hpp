#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stockpot::soup {

/// The end of a text of any length. Holds at most twice `most_bytes`.
class OutputTail {
 public:
  static constexpr std::size_t most_bytes = std::size_t{1} << 20;

  void append(std::string_view more) {
    text_ += more;
    if (text_.size() > 2 * most_bytes) text_.erase(0, text_.size() - most_bytes);
  }
  /// At least the last `most_bytes` of what was appended, or all of it.
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace stockpot::soup
