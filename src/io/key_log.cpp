#include "key_log.hpp"

#include <algorithm>
#include <functional>

namespace stockpot::io {

void KeyLog::begin_object() {
  objects_.push_back(keys_.size());
}

void KeyLog::add(std::string_view key) {
  keys_.push_back({std::hash<std::string_view>{}(key), texts_.size(), key.size()});
  texts_ += key;
}

std::optional<std::string> KeyLog::end_object() {
  const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(objects_.back());
  const std::size_t texts_begin = begin == keys_.end() ? texts_.size() : begin->begin;
  std::sort(begin, keys_.end(), [this](const Key& a, const Key& b) {
    return a.hash != b.hash ? a.hash < b.hash : text(a) < text(b);
  });
  const auto twice = std::adjacent_find(begin, keys_.end(), [this](const Key& a, const Key& b) {
    return a.hash == b.hash && text(a) == text(b);
  });
  std::optional<std::string> found;
  if (twice != keys_.end()) found = text(*twice);
  keys_.erase(begin, keys_.end());
  texts_.resize(texts_begin);
  objects_.pop_back();
  return found;
}

}  // namespace stockpot::io
