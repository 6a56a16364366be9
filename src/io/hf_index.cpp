#include "stockpot/io/hf_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "strict_json.hpp"

namespace stockpot::io {
namespace {

constexpr std::string_view shard_suffix = ".safetensors";

bool is_plain_basename(std::string_view name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
  });
  return printable && name.size() > shard_suffix.size() && name.size() <= 255 && name.front() != '.' &&
         name.find("..") == std::string_view::npos &&
         name.substr(name.size() - shard_suffix.size()) == shard_suffix;
}

/// A JSON number as the nearest double.
std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class IndexEvents final : public JsonEvents {
 public:
  explicit IndexEvents(std::string file_name) : file_name_(std::move(file_name)) {}

  void natural_number(std::uint64_t value) override {
    if (is_total()) index_.total_bytes = static_cast<double>(value);
    refuse_scalar("a number");
  }
  void other_scalar(std::string_view text) override {
    if (is_total()) index_.total_bytes = number(text);
    refuse_scalar(text);
  }
  void string(std::string& value) override {
    if (depth_ != 2 || !in_map()) return refuse_scalar(value);
    if (!is_plain_basename(value)) {
      refuse("the file " + quote(value) +
             " is no plain name ending in .safetensors: refused, an index must not lead "
             "out of its folder");
    }
    // Sorted, as transformers writes it, every name belongs at the end.
    index_.weight_map.emplace_hint(index_.weight_map.end(), tensor_, std::move(value));
  }
  void begin_object() override {
    if (depth_ == 1 && in_map()) has_map_ = true;
    if (depth_ >= 2 && in_map()) refuse("the file must be a string, is an object");
    ++depth_;
  }
  void key(std::string& name) override {
    if (depth_ == 1) {
      member_ = std::move(name);
      field_.clear();
    } else if (depth_ == 2) {
      (in_map() ? tensor_ : field_) = std::move(name);
    }
  }
  void end_object() override {
    --depth_;
    if (depth_ == 1) tensor_.clear();
  }
  void begin_array() override {
    refuse_scalar("an array");
    ++depth_;
  }
  void end_array() override { --depth_; }
  [[nodiscard]] Subject subject() const override { return {file_name_, tensor_}; }

  HfIndex take() {
    if (!has_map_) refuse("weight_map is missing");
    return std::move(index_);
  }

 private:
  [[nodiscard]] bool in_map() const { return member_ == "weight_map"; }
  [[nodiscard]] bool is_total() const {
    return depth_ == 2 && member_ == "metadata" && field_ == "total_size";
  }
  void refuse_scalar(std::string_view text) const {
    if (depth_ == 0) refuse("must be a JSON object, is " + quote(text));
    if (depth_ == 1 && in_map()) refuse("weight_map must be an object, is " + quote(text));
    if (in_map()) refuse("the file must be a string, is " + quote(text));
  }
  [[noreturn]] void refuse(const std::string& message) const {
    throw Error(ExitCode::input, "index: " + message, subject());
  }

  std::string file_name_;
  std::size_t depth_ = 0;
  std::string member_;
  std::string tensor_;
  std::string field_;  ///< of a member other than weight_map
  bool has_map_ = false;
  HfIndex index_;
};

}  // namespace

HfIndex parse_hf_index(std::string_view json, const std::string& file_name) {
  if (json.size() > hf_index_limit_bytes) {
    throw Error(ExitCode::input,
                fmt::format("index: {} bytes, more than {}", json.size(), hf_index_limit_bytes),
                {file_name, ""});
  }
  IndexEvents events(file_name);
  parse_strict_json(json, events);
  return events.take();
}

std::string hf_index_text(const std::map<std::string, std::string>& weight_map, std::uint64_t total_bytes,
                          std::uint64_t total_parameters) {
  const nlohmann::json index = {
      {"metadata", {{"total_size", total_bytes}, {"total_parameters", total_parameters}}},
      {"weight_map", weight_map}};
  constexpr bool escape_beyond_ascii = true;
  try {
    return index.dump(2, ' ', escape_beyond_ascii) + "\n";
  } catch (const nlohmann::json::exception&) {
    throw Error(ExitCode::input, "index: a tensor's name is not UTF-8");
  }
}

std::string shard_name(std::uint64_t shard, std::uint64_t shards) {
  if (shards == 1) return "model.safetensors";
  return fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards);
}

}  // namespace stockpot::io
