#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace stockpot::soup {

/// What the parser had read when it gave up ends in the first letters of NaN, Infinity or a name like these.
inline bool begins_foreign_number(std::string_view read) {
  const std::string_view word = read.substr(read.find_last_of(" \t:") + 1);  // npos + 1 is 0
  return word == "N" || word == "na" || word == "I" || word == "i" || word == "-N" || word == "-n" ||
         word == "-I" || word == "-i";
}

/// Listens to a JSON parser and keeps the members of the outermost object.
class MetricEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// What a member is: a number, perhaps not finite, or of another kind.
  struct Member {
    bool is_number = false;
    double number = 0.0;
  };
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  /// Why the text was refused; empty if it wasn't.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  /// The text was refused for a number of this member that JSON or a double doesn't have; else empty.
  [[nodiscard]] const std::string& member_at_fault() const { return member_at_fault_; }

  bool null() override { return add({}); }
  bool boolean(bool) override { return add({}); }
  bool number_integer(number_integer_t value) override { return add({true, static_cast<double>(value)}); }
  bool number_unsigned(number_unsigned_t value) override { return add({true, static_cast<double>(value)}); }
  bool number_float(number_float_t value, const string_t&) override { return add({true, value}); }
  bool string(string_t&) override { return add({}); }
  bool binary(binary_t&) override { return add({}); }
  bool start_object(std::size_t) override { return open(true); }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    key_ = name;
    awaits_value_ = true;
    if (members_.contains(name)) return refuse("a key stands twice");
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string& token, const nlohmann::detail::exception& error) override {
    constexpr int number_overflow = 406;
    if (depth_ == 1 && awaits_value_ && (error.id == number_overflow || begins_foreign_number(token))) {
      member_at_fault_ = key_;
    }
    return refuse("not JSON");
  }

 private:
  bool refuse(std::string_view reason) {
    if (refusal_.empty()) refusal_ = reason;
    return false;
  }
  void keep(Member member) {
    members_[key_] = member;
    awaits_value_ = false;
  }
  bool add(Member member) {
    if (depth_ == 0) return refuse("not a JSON object");
    if (depth_ == 1) keep(member);
    return true;
  }
  bool open(bool is_object) {
    if (depth_ == 0 && !is_object) return refuse("not a JSON object");
    if (depth_ == 1) keep({});
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  std::string key_;            ///< the outermost object's latest
  bool awaits_value_ = false;  ///< of key_
  std::map<std::string, Member> members_;
  std::string refusal_;
  std::string member_at_fault_;
};

}  // namespace stockpot::soup
