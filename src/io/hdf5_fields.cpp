#include "hdf5_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hdf5_attribute.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::io {
namespace {

constexpr std::uint64_t newest_format_version = 1;

}  // namespace

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
  const std::optional<std::string> near = nearest(word, candidates);
  return near ? fmt::format(" (did you mean {}?)", quote(*near)) : std::string();
}

Hdf5Fields::Hdf5Fields(const Hdf5Tree& tree, hid_t object, std::string name,
                       const std::vector<std::string>& known)
    : tree_(tree), object_(object), name_(std::move(name)) {
  for (const std::string& attribute : attribute_names(object, tree.check())) {
    if (contains(known, attribute)) continue;
    const std::string meant = suggestion(attribute, known);
    if (!meant.empty()) refuse(attribute, "is unknown" + meant);
  }
}

void Hdf5Fields::refuse(const std::string& attribute, const std::string& why) const {
  tree_.check().refuse(fmt::format("attribute {} {}", quote(attribute), why), name_);
}

std::optional<std::string> Hdf5Fields::text(const std::string& attribute) const {
  if (!has_attribute(object_, attribute, tree_.check())) return std::nullopt;
  std::optional<std::string> value = string_attribute(object_, attribute, tree_.check());
  if (!value) refuse(attribute, "is no string");
  return value;
}

std::optional<std::uint64_t> Hdf5Fields::number(const std::string& attribute) const {
  if (!has_attribute(object_, attribute, tree_.check())) return std::nullopt;
  const std::optional<std::uint64_t> value = number_attribute(object_, attribute, tree_.check());
  if (!value) refuse(attribute, "is no natural number");
  return value;
}

std::size_t Hdf5Fields::word(const std::string& attribute, const std::vector<std::string>& words,
                             std::size_t missing) const {
  const std::optional<std::string> value = text(attribute);
  if (!value) return missing;
  const auto found = std::find(words.begin(), words.end(), *value);
  if (found == words.end()) {
    std::string choices;
    for (const std::string& choice : words) choices += (choices.empty() ? "" : ", ") + quote(choice);
    refuse(attribute,
           fmt::format("is {}, not one of {}{}", quote(*value), choices, suggestion(*value, words)));
  }
  return static_cast<std::size_t>(found - words.begin());
}

std::optional<Digest> Hdf5Fields::digest(const std::string& attribute) const {
  const std::optional<std::string> value = text(attribute);
  if (!value) return std::nullopt;
  constexpr std::size_t hex_digits = 32;
  if (value->size() != hex_digits || value->find_first_not_of("0123456789abcdef") != std::string::npos) {
    refuse(attribute, fmt::format("is {}, not {} lower-case hex digits", quote(*value), hex_digits));
  }
  return Digest::from_hex(*value);
}

void Hdf5Fields::require_format_version() const {
  const std::optional<std::uint64_t> version = number("format_version");
  if (!version) refuse("format_version", "is missing: no file of this kind");
  if (*version == 0 || *version > newest_format_version) {
    refuse("format_version", fmt::format("is {}; this version reads {}", *version, newest_format_version));
  }
}

void require_known_groups(const Hdf5Tree& tree, const std::vector<std::string>& known,
                          const std::vector<std::string>& others) {
  for (const Hdf5Link& link : tree.links(tree.root(), "")) {
    if (contains(known, link.name) || contains(others, link.name)) continue;
    tree.check().refuse("is unknown" + suggestion(link.name, known), "/" + link.name);
  }
}

}  // namespace stockpot::io
