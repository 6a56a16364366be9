#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::io {

/// Keys of the JSON objects that are open, to find those that stand twice. No input makes it slow: an object
/// of n keys costs n log n comparisons of hashes, and of texts only where those are equal.
class KeyLog {
 public:
  void begin_object();
  void add(std::string_view key);
  /// Forgets the innermost object; a key of it that stood twice, if there is one.
  [[nodiscard]] std::optional<std::string> end_object();

 private:
  struct Key {
    std::size_t hash = 0;
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  [[nodiscard]] std::string_view text(const Key& key) const {
    return std::string_view(texts_).substr(key.begin, key.size);
  }

  std::string texts_;  ///< of all keys
  std::vector<Key> keys_;
  std::vector<std::size_t> objects_;  ///< where the keys of each open object begin
};

}  // namespace stockpot::io
