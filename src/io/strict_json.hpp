#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stockpot/base/error.hpp"

namespace stockpot::io {

/// Receives a JSON document event by event. Implementations throw Error to refuse what they see.
class JsonEvents {
 public:
  JsonEvents() = default;
  JsonEvents(const JsonEvents&) = delete;
  JsonEvents& operator=(const JsonEvents&) = delete;
  virtual ~JsonEvents() = default;

  virtual void natural_number(std::uint64_t value) = 0;  ///< written as plain digits, fits 64 bits
  virtual void string(std::string& value) = 0;           ///< may be moved from
  virtual void other_scalar(std::string_view text) = 0;  ///< null, true, false, any other number
  virtual void begin_object() = 0;
  virtual void key(std::string& name) = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  /// What an error at this point of the document is about.
  [[nodiscard]] virtual Subject subject() const = 0;
};

/// Feeds `text` to `events`. Refused with Error{input}: what RFC 8259 does not allow (comments, text after
/// the document, NUL, lone surrogates, bytes that are not UTF-8), a byte order mark, a key that stands twice
/// in one object, nesting deeper than 64. White space around the document is accepted.
/// Cost: one pass; memory for the keys of the objects that are open.
void parse_strict_json(std::string_view text, JsonEvents& events);

}  // namespace stockpot::io
