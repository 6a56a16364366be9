#include "stockpot/recipe/model_reference.hpp"

#include <algorithm>
#include <utility>

namespace stockpot::recipe {
namespace {

struct Part {
  std::string path;
  std::string revision;
};

std::optional<Part> parse_part(std::string_view text, const char* what, std::string& why) {
  const std::size_t at = text.find('@');
  Part part{std::string(text.substr(0, at)), {}};
  if (part.path.empty()) {
    why = std::string("the path of ") + what + " is empty";
    return std::nullopt;
  }
  if (at == std::string_view::npos) return part;
  part.revision = text.substr(at + 1);
  if (part.revision.find('@') != std::string::npos) {
    why = std::string("more than one '@' in ") + what;
    return std::nullopt;
  }
  if (part.revision.empty()) {
    why = std::string("nothing follows the '@' of ") + what;
    return std::nullopt;
  }
  return part;
}

}  // namespace

std::optional<ModelReference> parse_model_reference(std::string_view text, std::string& why) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    why = "a control character";
    return std::nullopt;
  }
  if (std::count(text.begin(), text.end(), '+') > 1) {
    why = "more than one '+'";
    return std::nullopt;
  }
  const std::size_t plus = text.find('+');
  std::optional<Part> model = parse_part(text.substr(0, plus), "the model", why);
  if (!model) return std::nullopt;
  ModelReference reference;
  reference.text = text;
  reference.path = std::move(model->path);
  reference.revision = std::move(model->revision);
  if (plus == std::string_view::npos) return reference;
  std::optional<Part> adapter = parse_part(text.substr(plus + 1), "the adapter", why);
  if (!adapter) return std::nullopt;
  reference.adapter = std::move(adapter->path);
  reference.adapter_revision = std::move(adapter->revision);
  return reference;
}

}  // namespace stockpot::recipe
