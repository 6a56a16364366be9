#pragma once

#include <algorithm>
#include <cstddef>
#include <streambuf>
#include <string>

#include "recipe/tree_builder.hpp"
#include "stockpot/recipe/yaml_document.hpp"

namespace stockpot::recipe {

/// Feeds text to yaml-cpp piece by piece and ends it where the scanner has run too far ahead of the events:
/// the scanner keeps every token of an unfinished flow collection, at some hundred bytes of memory per byte
/// of text.
class BoundedSource final : public std::streambuf {
 public:
  /// Both must outlive the source.
  BoundedSource(std::string& text, const TreeBuilder& builder) : text_(text), builder_(builder) {}

  /// Whether the text was cut, so that any error of syntax follows from that.
  [[nodiscard]] bool is_cut() const { return is_cut_; }

 protected:
  int_type underflow() override {
    constexpr std::size_t piece_bytes = 2048;
    is_cut_ = is_cut_ || next_ > builder_.position() + maximum_yaml_flow_bytes;
    if (is_cut_ || next_ == text_.size()) return traits_type::eof();
    const std::size_t bytes = std::min(piece_bytes, text_.size() - next_);
    char* const begin = text_.data() + next_;
    setg(begin, begin, begin + bytes);
    next_ += bytes;
    return traits_type::to_int_type(*begin);
  }

 private:
  std::string& text_;
  const TreeBuilder& builder_;
  std::size_t next_ = 0;
  bool is_cut_ = false;
};

}  // namespace stockpot::recipe
