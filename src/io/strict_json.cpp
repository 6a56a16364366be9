#include "strict_json.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>

#include "key_log.hpp"

namespace stockpot::io {
namespace {

constexpr std::size_t deepest_nesting = 64;

/// nlohmann's text without its prefix and without the echo of the input, which may be long and hostile.
std::string_view reason_of(std::string_view what) {
  what = what.substr(0, what.find("; last read"));
  const std::size_t colon = what.find(": ");
  return colon == std::string_view::npos ? what : what.substr(colon + 2);
}

/// The interface is nlohmann's; its functions return whether to go on. Refusals are exceptions instead.
class SaxAdapter : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit SaxAdapter(JsonEvents& events) : events_(events) {}

  bool null() override { return scalar("null"); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return scalar(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return scalar(text); }
  bool number_unsigned(number_unsigned_t value) override {
    events_.natural_number(value);
    return true;
  }
  bool string(string_t& value) override {
    events_.string(value);
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    descend();
    events_.begin_object();
    keys_.begin_object();
    return true;
  }
  bool key(string_t& name) override {
    keys_.add(name);
    events_.key(name);
    return true;
  }
  bool end_object() override {
    if (const auto twice = keys_.end_object()) refuse("key " + quote(*twice) + " stands twice in one object");
    --depth_;
    events_.end_object();
    return true;
  }
  bool start_array(std::size_t) override {
    descend();
    events_.begin_array();
    return true;
  }
  bool end_array() override {
    --depth_;
    events_.end_array();
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    refuse(fmt::format("is not valid JSON at byte {}: {}", position, reason_of(error.what())));
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    throw Error(ExitCode::input, message, events_.subject());
  }
  void descend() {
    if (++depth_ > deepest_nesting)
      refuse(fmt::format("JSON is nested deeper than {} levels", deepest_nesting));
  }
  bool scalar(std::string_view text) {
    events_.other_scalar(text);
    return true;
  }

  JsonEvents& events_;
  std::size_t depth_ = 0;
  KeyLog keys_;
};

}  // namespace

void parse_strict_json(std::string_view text, JsonEvents& events) {
  // nlohmann takes NUL for the end of the text and skips a byte order mark.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) {
    throw Error(ExitCode::input, fmt::format("is not valid JSON at byte {}: NUL", nul + 1), events.subject());
  }
  if (text.substr(0, 3) == "\xEF\xBB\xBF") {
    throw Error(ExitCode::input, "is not valid JSON at byte 1: byte order mark", events.subject());
  }
  SaxAdapter adapter(events);
  nlohmann::json::sax_parse(text.begin(), text.end(), &adapter);
}

}  // namespace stockpot::io
