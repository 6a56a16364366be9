#include "method/sparse_rule.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stockpot::method {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Where the next piece must end: at a bound that lies inside.
std::uint64_t next_end(const std::vector<SparseRule>& rules, std::uint64_t first, std::uint64_t end) {
  for (const SparseRule& rule : rules) {
    for (const std::optional<Cut>& cut : {rule.least, rule.most}) {
      if (cut && cut->bound > first) end = std::min(end, cut->bound);
    }
  }
  return end;
}

kernel::SparsePart part_at(const SparseRule& rule, std::uint64_t first) {
  kernel::SparsePart part;
  part.weight = rule.weight;
  part.factor = rule.factor;
  part.divisor = rule.divisor;
  if (rule.least) {
    part.least = first < rule.least->bound ? rule.least->value : std::nextafter(rule.least->value, infinity);
  }
  if (rule.most) {
    part.most = first < rule.most->bound ? rule.most->value : std::nextafter(rule.most->value, -infinity);
  }
  return part;
}

class TaskVectorPass : public ElementPass {
 public:
  TaskVectorPass(kernel::TaskVectorForm form, std::vector<SparseRule> rules)
      : form_(form), rules_(std::move(rules)) {}

  kernel::ElementCounts apply(const Tile& tile) const override {
    // Masks of so many elements stay in the first-level cache.
    constexpr std::uint64_t longest_piece = 16384;
    kernel::ElementCounts counts;
    for_each_piece(rules_, tile, tile.first, tile.count, longest_piece,
                   [&](std::uint64_t first, std::uint64_t count, std::span<const kernel::SparsePart> parts,
                       kernel::TypedInput anchor) {
                     counts.nonfinite +=
                         kernel::combine_task_vectors(form_, parts, anchor,
                                                      skip(tile.output, first - tile.first), count)
                             .nonfinite;
                   });
    return counts;
  }

 private:
  kernel::TaskVectorForm form_;
  std::vector<SparseRule> rules_;
};

}  // namespace

void for_each_piece(const std::vector<SparseRule>& rules, const Tile& tile, std::uint64_t first,
                    std::uint64_t count, std::uint64_t longest, const PieceWork& work) {
  const std::uint64_t end = first + count;
  const std::uint64_t inputs_begin = tile.first - tile.before;
  std::vector<kernel::SparsePart> parts;
  std::vector<std::uint64_t> bits;
  const auto words_of = [](std::uint64_t elements) { return (elements + 63) / 64; };
  while (first < end) {
    const std::uint64_t length = next_end(rules, first, std::min(end, first + longest)) - first;
    bits.resize(rules.size() * words_of(length));
    parts.clear();
    const std::uint64_t* shared = nullptr;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].drops_all) continue;
      kernel::SparsePart part = part_at(rules[i], first);
      part.input = skip(tile.inputs[i], first - inputs_begin);
      if (rules[i].keep) {
        part.keep = shared;
        if (shared == nullptr || !rules[i].keep->same_for_all_models()) {
          std::uint64_t* const own = bits.data() + i * words_of(length);
          rules[i].keep->fill(tile, i, first, length, own);
          part.keep = own;
          if (rules[i].keep->same_for_all_models()) shared = own;
        }
      }
      parts.push_back(part);
    }
    work(first, length, parts, skip(tile.anchor, first - inputs_begin));
    first += length;
  }
}

std::unique_ptr<ElementPass> make_task_vector_pass(kernel::TaskVectorForm form,
                                                   std::vector<SparseRule> rules) {
  return std::make_unique<TaskVectorPass>(form, std::move(rules));
}

}  // namespace stockpot::method
