#pragma once

#include <cstdint>
#include <vector>

namespace stockpot::engine {

/// A matrix X [rows, width] that is read by rows, such as the inputs of a layer: what a Gram matrix X^T X is
/// taken of. The same rows for everyone who reads. Thread safe.
class RowSource {
 public:
  virtual ~RowSource() = default;
  RowSource(const RowSource&) = delete;
  RowSource& operator=(const RowSource&) = delete;

  [[nodiscard]] virtual std::uint64_t rows() const = 0;
  [[nodiscard]] virtual std::uint64_t width() const = 0;
  /// `values` becomes rows [first, first + count), [count, width]. Throws Error{input} naming file and object
  /// for values that no sum may take. @pre the range lies in the matrix
  virtual void read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const = 0;
  /// Most bytes that a reading of `count` rows takes beside `values`.
  [[nodiscard]] virtual std::uint64_t read_workspace_bytes(std::uint64_t count) const = 0;

 protected:
  RowSource() = default;
};

}  // namespace stockpot::engine
