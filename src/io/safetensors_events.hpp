#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/io/safetensors.hpp"
#include "strict_json.hpp"

namespace stockpot::io {

inline constexpr std::uint64_t safetensors_length_bytes = 8;
inline constexpr std::uint64_t safetensors_longest_header_bytes = 100'000'000;

/// A tensor as the JSON states it; `begin` and `end` count from the first data byte and are unchecked.
struct RawTensor {
  TensorHeader header;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Grammar of a safetensors header: an object of `__metadata__` (strings or null) and tensor entries.
class SafetensorsEvents final : public JsonEvents {
 public:
  explicit SafetensorsEvents(std::string file_name) : file_name_(std::move(file_name)) {}

  void natural_number(std::uint64_t value) override;
  void string(std::string& value) override;
  void other_scalar(std::string_view text) override;
  void begin_object() override;
  void key(std::string& name) override;
  void end_object() override;
  void begin_array() override;
  void end_array() override;
  [[nodiscard]] Subject subject() const override;

  /// Metadata and warnings. @pre the document has been parsed
  SafetensorsHeader take_header();
  std::vector<RawTensor> take_tensors() { return std::move(tensors_); }

 private:
  /// What the next value is.
  enum class Place {
    document,
    member,
    metadata_value,
    dtype,
    shape,
    dimension,
    offsets,
    offset,
    unknown,
    field
  };

  [[noreturn]] void refuse(const std::string& message) const;
  /// A value of the wrong kind at the current place.
  [[noreturn]] void refuse_value(std::string_view what) const;
  void scalar_in_unknown_field();
  void finish_entry();

  std::string file_name_;
  Place place_ = Place::document;
  bool in_entry_ = false;
  bool in_metadata_ = false;
  std::string member_;  ///< key at the top level
  std::string metadata_key_;
  RawTensor current_;
  bool has_dtype_ = false;
  bool has_shape_ = false;
  std::size_t offsets_ = std::numeric_limits<std::size_t>::max();  ///< numbers in data_offsets so far
  std::size_t unknown_depth_ = 0;  ///< open arrays and objects inside an unknown field
  std::uint64_t unknown_fields_ = 0;
  SafetensorsHeader header_;
  std::vector<RawTensor> tensors_;
};

}  // namespace stockpot::io
