#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hdf5_tree.hpp"
#include "stockpot/base/digest.hpp"

namespace stockpot::io {

/// " (did you mean 'exact'?)", or nothing if no candidate is near.
std::string suggestion(std::string_view word, std::span<const std::string> candidates);

bool contains(const std::vector<std::string>& words, const std::string& word);

/// The attributes of one object with the meaning that a file format gives them: each reader refuses a value
/// of another kind, naming file, object and attribute. The tree must outlive it.
class Hdf5Fields {
 public:
  /// `known` lists every attribute of the format; one whose name is nearly that of a known one is refused as
  /// a slip, others are left to whoever wrote them.
  Hdf5Fields(const Hdf5Tree& tree, hid_t object, std::string name, const std::vector<std::string>& known);

  [[nodiscard]] std::optional<std::string> text(const std::string& attribute) const;
  [[nodiscard]] std::optional<std::uint64_t> number(const std::string& attribute) const;
  /// Position in `words`, or `missing` without the attribute.
  [[nodiscard]] std::size_t word(const std::string& attribute, const std::vector<std::string>& words,
                                 std::size_t missing) const;
  [[nodiscard]] std::optional<Digest> digest(const std::string& attribute) const;
  /// Refuses a missing `format_version` and one that is not 1.
  void require_format_version() const;

 private:
  [[noreturn]] void refuse(const std::string& attribute, const std::string& why) const;

  const Hdf5Tree& tree_;
  hid_t object_;
  std::string name_;
};

/// Refuses every object of the root that is neither in `known` nor in `others`, with the nearest of `known`.
void require_known_groups(const Hdf5Tree& tree, const std::vector<std::string>& known,
                          const std::vector<std::string>& others);

}  // namespace stockpot::io
