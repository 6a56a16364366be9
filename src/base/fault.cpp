#include "stockpot/base/fault.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stockpot/base/error.hpp"

namespace stockpot {
namespace {

enum class Action { eio, enospc, eperm, shorten, kill };

struct Rule {
  FaultPoint point = FaultPoint::read;
  Action action = Action::eio;
  std::optional<std::uint64_t> nth;
  std::optional<std::uint64_t> bytes;
  std::optional<std::uint64_t> rank;
  std::uint64_t calls = 0;
  std::uint64_t moved_bytes = 0;
};

struct Plan {
  std::mutex mutex;
  std::vector<Rule> rules;
};
Plan& plan() {
  static Plan instance;
  return instance;
}
std::atomic<int> fault_rank{-1};

[[noreturn]] void refuse(std::string_view text) {
  throw Error(
      ExitCode::usage,
      fmt::format("STOCKPOT_FAULT: {} is not POINT:ACTION[:nth=N][:bytes=N][:rank=N] "
                  "with point read|write|sync|rename|link|agree and action eio|enospc|eperm|short|kill",
                  quote(text)));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <typename Value>
using Words = std::initializer_list<std::pair<std::string_view, Value>>;

const Words<FaultPoint> points{{"read", FaultPoint::read}, {"write", FaultPoint::write},
                               {"sync", FaultPoint::sync}, {"rename", FaultPoint::rename},
                               {"link", FaultPoint::link}, {"agree", FaultPoint::agree}};
const Words<Action> actions{{"eio", Action::eio},
                            {"enospc", Action::enospc},
                            {"eperm", Action::eperm},
                            {"short", Action::shorten},
                            {"kill", Action::kill}};

template <typename Value>
Value find_word(const Words<Value>& words, std::string_view word, std::string_view rule) {
  for (const auto& [text, value] : words) {
    if (text == word) return value;
  }
  refuse(rule);
}

Rule parse_rule(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ':');
  if (parts.size() < 2) refuse(text);
  Rule rule;
  rule.point = find_word(points, parts[0], text);
  rule.action = find_word(actions, parts[1], text);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const std::size_t equals = parts[i].find('=');
    if (equals == std::string_view::npos) refuse(text);
    const std::string_view key = parts[i].substr(0, equals);
    const std::string_view digits = parts[i].substr(equals + 1);
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failure != std::errc{} || end != digits.data() + digits.size()) refuse(text);
    if (key == "nth") {
      rule.nth = number;
    } else if (key == "bytes") {
      rule.bytes = number;
    } else if (key == "rank") {
      rule.rank = number;
    } else {
      refuse(text);
    }
  }
  return rule;
}

bool acts(Rule& rule, std::size_t bytes) {
  if (rule.rank && static_cast<std::int64_t>(*rule.rank) != fault_rank.load()) return false;
  ++rule.calls;
  if (rule.nth && rule.calls != *rule.nth) return false;
  if (rule.bytes && rule.moved_bytes + bytes <= *rule.bytes) {
    rule.moved_bytes += bytes;
    return false;
  }
  return true;
}

}  // namespace

void set_fault_rank(int rank) {
  fault_rank.store(rank);
}

void set_fault_plan(std::string_view text) {
  std::vector<Rule> rules;
  if (!text.empty()) {
    for (const std::string_view rule : split(text, ',')) rules.push_back(parse_rule(rule));
  }
  const std::scoped_lock lock(plan().mutex);
  plan().rules = std::move(rules);
  detail::fault_state.store(plan().rules.empty() ? detail::FaultState::off : detail::FaultState::on);
}

namespace detail {

FaultVerdict judge(FaultPoint point, std::size_t bytes) {
  static std::once_flag read_once;
  if (fault_state.load() == FaultState::unread) {
    std::call_once(read_once, [] {
      const char* text = std::getenv("STOCKPOT_FAULT");
      set_fault_plan(text == nullptr ? "" : text);
    });
  }
  FaultVerdict verdict{0, bytes};
  const std::scoped_lock lock(plan().mutex);
  for (Rule& rule : plan().rules) {
    if (rule.point != point || !acts(rule, bytes)) continue;
    switch (rule.action) {
      case Action::eio:
        verdict.error = EIO;
        break;
      case Action::enospc:
        verdict.error = ENOSPC;
        break;
      case Action::eperm:
        verdict.error = EPERM;
        break;
      case Action::shorten:
        verdict.bytes = std::min<std::size_t>(verdict.bytes, 1);
        break;
      case Action::kill:
        std::raise(SIGKILL);
        break;
    }
  }
  return verdict;
}

}  // namespace detail
}  // namespace stockpot
