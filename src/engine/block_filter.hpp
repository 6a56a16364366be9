#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stockpot/tensor/shape.hpp"

namespace re2 {
class RE2;
}

namespace stockpot::engine {

/// Which tensors `--block` asks for: those in whose name the regex (RE2) is found.
class BlockFilter {
 public:
  /// Empty: none. Throws Error{usage} for a regex that does not compile.
  explicit BlockFilter(const std::string& regex);
  ~BlockFilter();

  /// Throws Error{usage} naming a tensor that is asked for and no vector.
  [[nodiscard]] bool takes(const std::string& tensor, const Shape& shape);
  /// Throws Error{usage} if blocks were asked for and none was taken.
  void require_found() const;

 private:
  std::unique_ptr<re2::RE2> regex_;
  bool found_ = false;
};

}  // namespace stockpot::engine
