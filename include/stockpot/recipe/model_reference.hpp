#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stockpot::recipe {

/// `path[@revision][+lora[@revision]]`.
struct ModelReference {
  std::string text;  ///< as written (canonical for the mapping form)
  std::string path;
  std::string revision;
  std::optional<std::string> adapter;
  std::string adapter_revision;

  friend bool operator==(const ModelReference&, const ModelReference&) = default;
};

/// Parses a reference; nullopt with the reason in `why` for more than one `+`, more than one `@` in a part,
/// or an empty path.
std::optional<ModelReference> parse_model_reference(std::string_view text, std::string& why);

}  // namespace stockpot::recipe
