#include "checkpoint/name_rules.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <optional>

#include "checkpoint/view_algebra.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {
namespace {

/// One regex and the name it makes of what it matches whole.
class Renamer {
 public:
  Renamer(const std::string& from, const std::string& to)
      : regex_(std::make_unique<RE2>(from, quiet())), to_(to) {
    std::string why = regex_->error();
    if (regex_->ok() && regex_->CheckRewriteString(to, &why)) {
      groups_.resize(static_cast<std::size_t>(RE2::MaxSubmatch(to)) + 1);
      return;
    }
    throw Error{ExitCode::usage, "names: from " + quote(from) + " to " + quote(to) + ": " + why, {}};
  }

  std::optional<std::string> operator()(const std::string& name) {
    const auto count = static_cast<int>(groups_.size());
    if (!regex_->Match(name, 0, name.size(), RE2::ANCHOR_BOTH, groups_.data(), count)) return std::nullopt;
    std::string target;
    regex_->Rewrite(&target, to_, groups_.data(), count);
    return target;
  }

 private:
  static RE2::Options quiet() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }
  std::unique_ptr<RE2> regex_;
  std::string to_;
  std::vector<re2::StringPiece> groups_;
};

[[noreturn]] void fail(const Checkpoint& checkpoint, ExitCode code, const std::string& tensor,
                       const std::string& message) {
  throw Error{code, "names: " + message, {checkpoint.reference, tensor}};
}

void check_dimension(const Checkpoint& checkpoint, const NamedView& source, std::uint64_t dim) {
  if (dim < source.view.shape.size()) return;
  fail(checkpoint, ExitCode::input, source.source,
       "shape " + to_string(source.view.shape) + " has no dimension " + std::to_string(dim));
}

/// Sizes of the pieces of a split of `source`.
std::vector<std::uint64_t> piece_sizes(const Checkpoint& checkpoint, const NamedView& source,
                                       const recipe::NameRule& rule) {
  const std::uint64_t size = source.view.shape[rule.dim];
  const std::size_t pieces = rule.to.size();
  if (rule.sizes.empty()) {
    if (size % pieces == 0) return std::vector<std::uint64_t>(pieces, size / pieces);
    fail(checkpoint, ExitCode::input, source.source,
         "shape " + to_string(source.view.shape) + " does not split into " + std::to_string(pieces) +
             " equal parts along dimension " + std::to_string(rule.dim));
  }
  if (rule.sizes.size() != pieces) {
    fail(checkpoint, ExitCode::usage, source.source, "as many sizes as names are needed to split");
  }
  std::uint64_t sum = 0;
  bool overflow = false;
  for (const std::uint64_t piece : rule.sizes)
    overflow = __builtin_add_overflow(sum, piece, &sum) || overflow;
  if (overflow || sum != size) {
    fail(checkpoint, ExitCode::input, source.source,
         "sizes " + to_string(rule.sizes) + " are not those of shape " + to_string(source.view.shape) +
             " along dimension " + std::to_string(rule.dim));
  }
  return rule.sizes;
}

void check_regular(const Checkpoint& checkpoint, const std::optional<TensorView>& view,
                   const std::string& source) {
  if (!view) {
    fail(checkpoint, ExitCode::usage, source,
         "one rule concatenates along one dimension what another cuts or joins along a different one; merge "
         "these rules or leave one out");
  }
  if (!fills_whole_bytes(checkpoint, *view)) {
    fail(checkpoint, ExitCode::input, source, "elements of less than a byte would be cut inside a byte");
  }
}

/// Rename (one name) or split (several) of every view that matches.
class SplitRule {
 public:
  SplitRule(const Checkpoint& checkpoint, const recipe::NameRule& rule)
      : checkpoint_(checkpoint), rule_(rule) {
    for (const std::string& to : rule.to) renamers_.emplace_back(rule.from.front(), to);
  }

  void operator()(NamedView source, std::vector<NamedView>& out) {
    std::optional<std::string> name = renamers_.front()(source.view.name);
    if (name && rule_.to.size() == 1) source.view.name = *name;
    if (!name || rule_.to.size() == 1) {
      out.push_back(std::move(source));
      return;
    }
    check_dimension(checkpoint_, source, rule_.dim);
    const std::vector<std::uint64_t> sizes = piece_sizes(checkpoint_, source, rule_);
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      std::optional<TensorView> piece = cut_view(checkpoint_, source.view, rule_.dim, first, sizes[i]);
      check_regular(checkpoint_, piece, source.source);
      piece->name = renamers_[i](source.view.name).value_or("");
      out.push_back({std::move(*piece), source.source, source.tied});
      first += sizes[i];
    }
  }

 private:
  const Checkpoint& checkpoint_;
  const recipe::NameRule& rule_;
  std::vector<Renamer> renamers_;
};

/// Concatenation: views gather under the name that the pattern they match makes of theirs.
class JoinRule {
 public:
  JoinRule(const Checkpoint& checkpoint, const recipe::NameRule& rule)
      : checkpoint_(checkpoint), rule_(rule) {
    for (const std::string& from : rule.from) renamers_.emplace_back(from, rule.to.front());
  }

  void operator()(NamedView source, std::vector<NamedView>& out) {
    for (std::size_t i = 0; i < renamers_.size(); ++i) {
      std::optional<std::string> target = renamers_[i](source.view.name);
      if (!target) continue;
      auto& places = groups_[*target];
      places.resize(renamers_.size());
      put(places[i], std::move(source), *target);
      return;
    }
    out.push_back(std::move(source));
  }

  void finish(std::vector<NamedView>& out) {
    for (auto& [target, places] : groups_) {
      if (is_complete(target, places)) out.push_back(join(target, places));
    }
  }

 private:
  using Places = std::vector<std::optional<NamedView>>;

  void put(std::optional<NamedView>& place, NamedView source, const std::string& target) {
    if (place && !place->tied && !source.tied) {
      fail(checkpoint_, ExitCode::usage, target,
           "two sources for one part: " + place->source + " and " + source.source);
    }
    if (!place || place->tied) place = std::move(source);
  }

  /// False where parts are missing and none is stored; Error{input} where some are stored.
  [[nodiscard]] bool is_complete(const std::string& target, const Places& places) const {
    const auto missing = std::find(places.begin(), places.end(), std::nullopt);
    if (missing == places.end()) return true;
    const bool stored =
        std::any_of(places.begin(), places.end(), [](const auto& place) { return place && !place->tied; });
    if (!stored) return false;
    fail(checkpoint_, ExitCode::input, target,
         "to concatenate it, a tensor that matches " +
             quote(rule_.from[static_cast<std::size_t>(missing - places.begin())]) + " is missing");
  }

  [[nodiscard]] NamedView join(const std::string& target, const Places& places) const {
    const NamedView& first = *places.front();
    check_dimension(checkpoint_, first, rule_.dim);
    NamedView joined{{}, "", true};
    std::vector<const TensorView*> views;
    Shape expected = first.view.shape;
    for (const auto& place : places) {
      const TensorView& view = place->view;
      if (view.shape.size() == expected.size()) expected[rule_.dim] = view.shape[rule_.dim];
      if (view.shape != expected || view.dtype != first.view.dtype ||
          view.is_scaled() != first.view.is_scaled()) {
        fail(checkpoint_, ExitCode::input, target,
             "can't concatenate " + first.source + " (" + std::string(name(first.view.dtype)) + " " +
                 to_string(first.view.shape) + ") and " + place->source + " (" +
                 std::string(name(view.dtype)) + " " + to_string(view.shape) + ") along dimension " +
                 std::to_string(rule_.dim));
      }
      views.push_back(&view);
      joined.source += (joined.source.empty() ? "" : " + ") + place->source;
      joined.tied = joined.tied && place->tied;
    }
    std::optional<TensorView> view = join_views(checkpoint_, views, rule_.dim);
    check_regular(checkpoint_, view, target);
    joined.view = std::move(*view);
    joined.view.name = target;
    return joined;
  }

  const Checkpoint& checkpoint_;
  const recipe::NameRule& rule_;
  std::vector<Renamer> renamers_;
  std::map<std::string, Places> groups_;
};

/// Names are unique again: what is stored wins over what is tied, two stored ones are an error.
std::vector<NamedView> without_collisions(const Checkpoint& checkpoint, std::vector<NamedView> views) {
  const auto before = [](const NamedView& a, const NamedView& b) {
    const int order = a.view.name.compare(b.view.name);
    return order != 0 ? order < 0 : a.tied < b.tied;
  };
  // Moving views costs more than looking whether they stand in order, as they do unless a rule renamed some.
  if (!std::is_sorted(views.begin(), views.end(), before))
    std::stable_sort(views.begin(), views.end(), before);
  std::vector<NamedView> unique;
  unique.reserve(views.size());
  for (NamedView& next : views) {
    if (unique.empty() || unique.back().view.name != next.view.name) {
      unique.push_back(std::move(next));
    } else if (!next.tied) {
      fail(checkpoint, ExitCode::usage, next.view.name,
           "two sources for one name: " + unique.back().source + " and " + next.source);
    }
  }
  return unique;
}

}  // namespace

std::vector<NamedView> apply_rules(const Checkpoint& checkpoint, std::vector<NamedView> views,
                                   const std::vector<recipe::NameRule>& rules,
                                   const std::string& model_name) {
  views = without_collisions(checkpoint, std::move(views));
  for (const recipe::NameRule& rule : rules) {
    if (rule.model && *rule.model != model_name && *rule.model != checkpoint.reference) continue;
    if (rule.from.empty() || rule.to.empty() || (rule.from.size() > 1 && rule.to.size() > 1)) {
      fail(checkpoint, ExitCode::usage, "", "a rule needs `from` and `to`, one of them a single name");
    }
    std::vector<NamedView> mapped;
    mapped.reserve(views.size());
    if (rule.from.size() > 1) {
      JoinRule join(checkpoint, rule);
      for (NamedView& view : views) join(std::move(view), mapped);
      join.finish(mapped);
    } else {
      SplitRule split(checkpoint, rule);
      for (NamedView& view : views) split(std::move(view), mapped);
    }
    views = without_collisions(checkpoint, std::move(mapped));
  }
  return views;
}

}  // namespace stockpot::checkpoint
