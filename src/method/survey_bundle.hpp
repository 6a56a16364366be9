#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "stockpot/method/survey.hpp"

namespace stockpot::method {

/// Surveys of parts of one scope that go through their rounds together: those that sample first, then those
/// that read everything, then those that read ranges or matrices, until all are complete.
class SurveyBundle {
 public:
  /// A survey of some tensors of the scope, with one of their models or all of them.
  struct Member {
    std::unique_ptr<Survey> survey;
    std::vector<std::size_t> tensors;  ///< of the scope, by the member's own numbers; ascending
    std::optional<std::size_t> model;  ///< the only one that it sees
  };

  void add(Member member);
  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] static std::optional<std::size_t> place_of(const Member& member, std::size_t tensor);

  /// As a survey's.
  [[nodiscard]] Reading next() const;
  [[nodiscard]] std::vector<ElementRange> ranges() const;
  /// True if some member is shown this tensor in the round.
  [[nodiscard]] bool takes(std::size_t tensor) const;
  void take(std::size_t tensor, const Tile& tile);
  /// Of the members whose matrices are read: the parts of one after those of the other.
  [[nodiscard]] std::uint64_t matrix_parts() const;
  void take_matrices(std::uint64_t part, MatrixSource& source);
  void end_round(stats::Reducer& reducer);

  /// Of all members, each after its number of words; false if some that has read has none.
  bool append_findings(std::vector<std::uint64_t>& words) const;
  /// Takes over what the members found, from the front of `words`; false if these can't be theirs, and then
  /// some members may have taken over.
  bool adopt(std::span<const std::uint64_t>& words);

 private:
  std::vector<Member> members_;
  std::vector<bool> reads_;  ///< by member; false: it was complete from the beginning
};

}  // namespace stockpot::method
