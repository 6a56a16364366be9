#include "safetensors_events.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace stockpot::io {
namespace {

constexpr std::size_t most_tensors = 4'000'000;
constexpr std::size_t highest_rank = 64;
constexpr std::size_t most_warnings = 20;
constexpr std::size_t no_offsets = std::numeric_limits<std::size_t>::max();
constexpr std::string_view metadata_member = "__metadata__";

}  // namespace

Subject SafetensorsEvents::subject() const {
  return {file_name_, in_metadata_ ? std::string() : member_};
}

void SafetensorsEvents::refuse(const std::string& message) const {
  throw Error(ExitCode::input, "safetensors header: " + message, subject());
}

void SafetensorsEvents::refuse_value(std::string_view what) const {
  switch (place_) {
    case Place::document:
      refuse(fmt::format("must be a JSON object, is {}", what));
    case Place::member:
      if (member_ == metadata_member)
        refuse(fmt::format("__metadata__ must be an object or null, is {}", what));
      refuse(fmt::format("a tensor's entry must be an object, is {}", what));
    case Place::metadata_value:
      refuse(fmt::format("__metadata__ {} must be a string, is {}", quote(metadata_key_), what));
    case Place::dtype:
      refuse(fmt::format("dtype must be a string, is {}", what));
    case Place::shape:
      refuse(fmt::format("shape must be an array, is {}", what));
    case Place::dimension:
      refuse(fmt::format("a dimension must be a natural number below 2^64, is {}", what));
    case Place::offsets:
      refuse(fmt::format("data_offsets must be an array, is {}", what));
    case Place::offset:
      refuse(fmt::format("data_offsets must be two natural numbers below 2^64, one is {}", what));
    case Place::unknown:
    case Place::field:
      break;
  }
  refuse(fmt::format("{} stands where none may", what));
}

void SafetensorsEvents::scalar_in_unknown_field() {
  if (unknown_depth_ == 0) place_ = Place::field;
}

void SafetensorsEvents::natural_number(std::uint64_t value) {
  if (place_ == Place::unknown) return scalar_in_unknown_field();
  if (place_ == Place::dimension) {
    if (current_.header.shape.size() == highest_rank)
      refuse(fmt::format("has more than {} dimensions", highest_rank));
    current_.header.shape.push_back(value);
  } else if (place_ == Place::offset) {
    if (offsets_ == 2) refuse("data_offsets has more than two numbers");
    (offsets_ == 0 ? current_.begin : current_.end) = value;
    ++offsets_;
  } else {
    refuse_value("a number");
  }
}

void SafetensorsEvents::string(std::string& value) {
  if (place_ == Place::unknown) return scalar_in_unknown_field();
  if (place_ == Place::metadata_value) {
    header_.metadata.emplace(metadata_key_, std::move(value));
  } else if (place_ == Place::dtype) {
    const std::optional<DType> dtype = dtype_from_name(value);
    if (!dtype) refuse("unknown dtype " + quote(value));
    current_.header.dtype = *dtype;
    has_dtype_ = true;
    place_ = Place::field;
  } else {
    refuse_value("the string " + quote(value));
  }
}

void SafetensorsEvents::other_scalar(std::string_view text) {
  if (place_ == Place::unknown) return scalar_in_unknown_field();
  if (place_ == Place::member && member_ == metadata_member && text == "null") return;
  refuse_value(quote(text));
}

void SafetensorsEvents::begin_object() {
  if (place_ == Place::unknown) {
    ++unknown_depth_;
  } else if (place_ == Place::document) {
    place_ = Place::member;
  } else if (place_ == Place::member && member_ == metadata_member) {
    in_metadata_ = true;
    place_ = Place::metadata_value;
  } else if (place_ == Place::member) {
    if (tensors_.size() == most_tensors) refuse(fmt::format("has more than {} tensors", most_tensors));
    in_entry_ = true;
    current_ = RawTensor{};
    has_dtype_ = has_shape_ = false;
    offsets_ = no_offsets;
    place_ = Place::field;
  } else {
    refuse_value("an object");
  }
}

void SafetensorsEvents::key(std::string& name) {
  if (place_ == Place::unknown) return;
  if (in_metadata_) {
    metadata_key_ = std::move(name);
  } else if (!in_entry_) {
    member_ = std::move(name);
  } else if (name == "dtype") {
    place_ = Place::dtype;
  } else if (name == "shape") {
    place_ = Place::shape;
  } else if (name == "data_offsets") {
    place_ = Place::offsets;
  } else {
    place_ = Place::unknown;
    if (++unknown_fields_ <= most_warnings) {
      header_.warnings.push_back(
          fmt::format("{}: tensor {}: unknown field {} ignored", file_name_, quote(member_), quote(name)));
    }
  }
}

void SafetensorsEvents::end_object() {
  if (place_ == Place::unknown) {
    --unknown_depth_;
    scalar_in_unknown_field();
  } else if (in_metadata_) {
    in_metadata_ = false;
    place_ = Place::member;
  } else if (in_entry_) {
    finish_entry();
    in_entry_ = false;
    place_ = Place::member;
  }
}

void SafetensorsEvents::begin_array() {
  if (place_ == Place::unknown) {
    ++unknown_depth_;
  } else if (place_ == Place::shape) {
    has_shape_ = true;
    place_ = Place::dimension;
  } else if (place_ == Place::offsets) {
    offsets_ = 0;
    place_ = Place::offset;
  } else {
    refuse_value("an array");
  }
}

void SafetensorsEvents::end_array() {
  if (place_ == Place::unknown) {
    --unknown_depth_;
    scalar_in_unknown_field();
  } else {
    place_ = Place::field;
  }
}

void SafetensorsEvents::finish_entry() {
  if (!has_dtype_) refuse("dtype is missing");
  if (!has_shape_) refuse("shape is missing");
  if (offsets_ == no_offsets) refuse("data_offsets is missing");
  if (offsets_ != 2) refuse("data_offsets must be two numbers");
  current_.header.name = std::exchange(member_, {});
  tensors_.push_back(std::move(current_));
}

SafetensorsHeader SafetensorsEvents::take_header() {
  if (unknown_fields_ > most_warnings) {
    header_.warnings.push_back(
        fmt::format("{}: {} more unknown fields ignored", file_name_, unknown_fields_ - most_warnings));
  }
  return std::move(header_);
}

}  // namespace stockpot::io
