#include "report/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/output_folder.hpp"

namespace stockpot::report {
namespace {

using nlohmann::json;

constexpr std::uint64_t largest_manifest_bytes = std::uint64_t{256} << 20;

bool is_plain_name(const std::string& name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
  });
  return printable && !name.empty() && name.size() <= 255 && name.front() != '.';
}

class ManifestReader {
 public:
  explicit ManifestReader(std::string file_name) : file_name_(std::move(file_name)) {}

  Manifest read(std::string_view text) {
    const json document = parse(text);
    if (!document.is_object()) refuse("must be a JSON object");
    if (natural(document, "format_version") != 1) {
      refuse("format_version is " + document.at("format_version").dump() +
             "; this version of stockpot reads 1 only");
    }
    Manifest manifest;
    manifest.origin = {string(document, "stockpot"), string(document, "method"),
                       string(document, "recipe_digest"), natural(document, "seed")};
    const json& tensors = member(document, "tensors");
    if (!tensors.is_object()) refuse("'tensors' must be an object");
    for (const auto& [name, entry] : tensors.items()) {
      tensor_ = name;
      manifest.tensors.emplace(name, read_tensor(entry));
    }
    return manifest;
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    throw Error(ExitCode::input, "manifest: " + message, {file_name_, tensor_});
  }

  json parse(std::string_view text) const {
    constexpr int deepest_nesting = 64;
    if (text.find('\0') != std::string_view::npos) refuse("is not valid JSON: it holds a NUL");
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, json::parse_event_t event, const json& parsed) {
      if (depth > deepest_nesting) refuse("is nested too deeply");
      if (event == json::parse_event_t::object_start) keys.emplace_back();
      if (event == json::parse_event_t::object_end) keys.pop_back();
      if (event == json::parse_event_t::key) {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!keys.back().insert(key).second) refuse("key " + quote(key) + " stands twice in one object");
      }
      return true;
    };
    try {
      return json::parse(text.begin(), text.end(), check);
    } catch (const json::exception& failure) {
      // Its text may quote the input.
      refuse("is not valid JSON: " + quote(failure.what()));
    }
  }

  const json& member(const json& object, const char* name) const {
    const auto found = object.find(name);
    if (found == object.end()) refuse("'" + std::string(name) + "' is missing");
    return *found;
  }
  std::string string(const json& object, const char* name) const {
    const json& value = member(object, name);
    if (!value.is_string()) refuse("'" + std::string(name) + "' must be a string");
    return value.get<std::string>();
  }
  std::uint64_t natural(const json& object, const char* name) const {
    const json& value = member(object, name);
    if (!value.is_number_unsigned()) refuse("'" + std::string(name) + "' must be a natural number");
    return value.get<std::uint64_t>();
  }

  ManifestTensor read_tensor(const json& entry) const {
    if (!entry.is_object()) refuse("must be an object");
    ManifestTensor tensor;
    const std::string dtype = string(entry, "dtype");
    const auto known = dtype_from_name(dtype);
    if (!known) refuse("dtype " + quote(dtype) + " is none of safetensors");
    tensor.dtype = *known;
    const json& shape = member(entry, "shape");
    if (!shape.is_array()) refuse("'shape' must be an array");
    for (const json& dimension : shape) {
      if (!dimension.is_number_unsigned()) refuse("'shape' must hold natural numbers");
      tensor.shape.push_back(dimension.get<std::uint64_t>());
    }
    tensor.file = string(entry, "file");
    if (!is_plain_name(tensor.file)) {
      refuse("file " + quote(tensor.file) + " is no plain name: a manifest must not lead out of its folder");
    }
    const std::string digest = string(entry, "digest");
    try {
      tensor.digest = Digest::from_hex(digest);
    } catch (const Error&) {
      refuse("digest " + quote(digest) + " is not 32 hexadecimal digits");
    }
    return tensor;
  }

  std::string file_name_;
  std::string tensor_;
};

}  // namespace

Manifest parse_manifest(std::string_view json, const std::string& file_name) {
  return ManifestReader(file_name).read(json);
}

Manifest read_manifest(const std::filesystem::path& output) {
  const std::filesystem::path path = output / io::manifest_name;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    throw Error(ExitCode::input,
                std::string("no ") + io::manifest_name +
                    " in it: only folders that stockpot has written can be verified",
                {output.string(), {}});
  }
  return parse_manifest(io::read_text(path, largest_manifest_bytes), path.string());
}

}  // namespace stockpot::report
