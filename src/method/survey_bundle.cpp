#include "method/survey_bundle.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::method {
namespace {

/// The union of ranges of one tensor, cut where leaves begin.
void append_union(std::vector<ElementRange>& all, std::vector<ElementRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const ElementRange& a, const ElementRange& b) { return a.first < b.first; });
  std::uint64_t next = 0;
  for (const ElementRange& range : ranges) {
    const std::uint64_t end = range.first + range.count;
    next = std::max(next, range.first);
    while (next < end) {
      const std::uint64_t stop = std::min(end, (next / leaf_elements + 1) * leaf_elements);
      all.push_back({range.tensor, next, stop - next});
      next = stop;
    }
  }
}

/// The matrices of a member's tensors.
class MemberMatrices : public MatrixSource {
 public:
  MemberMatrices(MatrixSource& source, const std::vector<std::size_t>& tensors)
      : source_(source), tensors_(tensors) {}
  void read(std::size_t tensor, std::size_t model, MatrixSide side, std::uint64_t first, std::uint64_t end,
            std::span<double> panel) override {
    source_.read(tensors_[tensor], model, side, first, end, panel);
  }

 private:
  MatrixSource& source_;
  const std::vector<std::size_t>& tensors_;
};

}  // namespace

void SurveyBundle::add(Member member) {
  reads_.push_back(member.survey->next() != Reading::nothing);
  members_.push_back(std::move(member));
}

std::optional<std::size_t> SurveyBundle::place_of(const Member& member, std::size_t tensor) {
  const auto found = std::lower_bound(member.tensors.begin(), member.tensors.end(), tensor);
  if (found == member.tensors.end() || *found != tensor) return std::nullopt;
  return static_cast<std::size_t>(found - member.tensors.begin());
}

Reading SurveyBundle::next() const {
  for (const Reading reading : {Reading::sample, Reading::everything, Reading::ranges, Reading::matrices}) {
    const bool wanted = std::any_of(members_.begin(), members_.end(),
                                    [reading](const Member& m) { return m.survey->next() == reading; });
    if (wanted) return reading;
  }
  return Reading::nothing;
}

std::vector<ElementRange> SurveyBundle::ranges() const {
  std::map<std::size_t, std::vector<ElementRange>> by_tensor;
  for (const Member& member : members_) {
    if (member.survey->next() != Reading::ranges) continue;
    for (const ElementRange& range : member.survey->ranges()) {
      const std::size_t tensor = member.tensors[range.tensor];
      by_tensor[tensor].push_back({tensor, range.first, range.count});
    }
  }
  std::vector<ElementRange> all;
  for (auto& [tensor, ranges] : by_tensor) append_union(all, std::move(ranges));
  return all;
}

bool SurveyBundle::takes(std::size_t tensor) const {
  const Reading reading = next();
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return member.survey->next() == reading && place_of(member, tensor);
  });
}

void SurveyBundle::take(std::size_t tensor, const Tile& tile) {
  const Reading reading = next();
  for (const Member& member : members_) {
    const auto place = place_of(member, tensor);
    if (!place || member.survey->next() != reading) continue;
    Tile own = tile;
    if (member.model) own.inputs = tile.inputs.subspan(*member.model, 1);
    member.survey->take(*place, own);
  }
}

std::uint64_t SurveyBundle::matrix_parts() const {
  std::uint64_t parts = 0;
  for (const Member& member : members_) {
    if (member.survey->next() == Reading::matrices) parts += member.survey->matrix_parts();
  }
  return parts;
}

void SurveyBundle::take_matrices(std::uint64_t part, MatrixSource& source) {
  for (const Member& member : members_) {
    if (member.survey->next() != Reading::matrices) continue;
    const std::uint64_t parts = member.survey->matrix_parts();
    if (part < parts) {
      MemberMatrices own(source, member.tensors);
      return member.survey->take_matrices(part, own);
    }
    part -= parts;
  }
}

void SurveyBundle::end_round(stats::Reducer& reducer) {
  const Reading reading = next();
  for (const Member& member : members_) {
    if (member.survey->next() == reading) member.survey->end_round(reducer);
  }
}

bool SurveyBundle::append_findings(std::vector<std::uint64_t>& words) const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::vector<std::uint64_t> found = members_[i].survey->findings();
    if (found.empty() && reads_[i]) return false;
    words.push_back(found.size());
    words.insert(words.end(), found.begin(), found.end());
  }
  return true;
}

bool SurveyBundle::adopt(std::span<const std::uint64_t>& words) {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (words.empty() || words.front() >= words.size()) return false;
    const std::uint64_t count = words.front();
    const bool is_complete = count == 0 && !reads_[i];
    if (!is_complete && !members_[i].survey->adopt(words.subspan(1, count))) return false;
    words = words.subspan(1 + count);
  }
  return true;
}

}  // namespace stockpot::method
