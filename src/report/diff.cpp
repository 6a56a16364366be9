#include "stockpot/report/diff.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "report/element_difference.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/load_checkpoint.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/tensor/leaf_sums.hpp"

namespace stockpot::report {
namespace {

using checkpoint::StoredTensor;

/// A subtree of the tree over a tensor's leaves, so that units can be summed as leaves are.
constexpr std::uint64_t unit_leaves = 16;
constexpr std::uint64_t unit_elements = unit_leaves * leaf_elements;

/// One name in both models, as each of them stores it.
struct Pair {
  std::size_t tensor = 0;  ///< index into ModelDifference::tensors
  const StoredTensor* a = nullptr;
  const StoredTensor* b = nullptr;
};

std::uint64_t packed_bytes(const StoredTensor& tensor, std::uint64_t elements) {
  return elements * static_cast<std::uint64_t>(bits(tensor.dtype)) / 8;
}

/// Sums over one fixed tree; counts and the maximum are exact anyway.
ElementDifference add_up(std::span<const ElementDifference> parts) {
  ElementDifference all;
  std::vector<double> sums;
  for (const ElementDifference& part : parts) {
    sums.insert(sums.end(), part.sums.begin(), part.sums.end());
    all.largest = std::max(all.largest, part.largest);
    all.differing += part.differing;
  }
  const std::vector<double> root = sum_leaves(sums, all.sums.size());
  std::copy(root.begin(), root.end(), all.sums.begin());
  return all;
}

/// One thread's buffers, and what it does to a unit.
class UnitComparer {
 public:
  UnitComparer(const checkpoint::ViewReader& reader_a, const checkpoint::ViewReader& reader_b)
      : reader_a_(reader_a), reader_b_(reader_b) {}

  ElementDifference run(const Pair& pair, std::uint64_t unit) {
    LeafComparison& comparison = comparison_for(pair);
    const std::uint64_t end = std::min((unit + 1) * unit_elements, pair.a->elements());
    std::vector<ElementDifference> leaves;
    for (std::uint64_t first = unit * unit_elements; first < end; first += leaf_elements) {
      const std::uint64_t count = std::min(leaf_elements, end - first);
      read(reader_a_, *pair.a, first, count, leaf_a_);
      read(reader_b_, *pair.b, first, count, leaf_b_);
      leaves.push_back(comparison.compare(leaf_a_.data(), leaf_b_.data(), count));
    }
    return add_up(leaves);
  }

 private:
  LeafComparison& comparison_for(const Pair& pair) {
    const std::pair dtypes(pair.a->dtype, pair.b->dtype);
    if (!comparison_ || dtypes_ != dtypes) comparison_.emplace(dtypes.first, dtypes.second);
    dtypes_ = dtypes;
    return *comparison_;
  }
  static void read(const checkpoint::ViewReader& reader, const StoredTensor& tensor, std::uint64_t first,
                   std::uint64_t count, std::vector<std::byte>& leaf) {
    leaf.resize(packed_bytes(tensor, count));
    reader.read_stored(tensor, packed_bytes(tensor, first), leaf);
  }

  const checkpoint::ViewReader& reader_a_;
  const checkpoint::ViewReader& reader_b_;
  std::pair<DType, DType> dtypes_;
  std::optional<LeafComparison> comparison_;
  std::vector<std::byte> leaf_a_;
  std::vector<std::byte> leaf_b_;
};

/// Fills in names, dtypes and shapes; gives the pairs whose elements can be compared, in order of place.
std::vector<Pair> match(const checkpoint::Checkpoint& a, const checkpoint::Checkpoint& b,
                        ModelDifference& found) {
  std::set<std::string> names;
  for (const StoredTensor& tensor : a.tensors) names.insert(tensor.name);
  for (const StoredTensor& tensor : b.tensors) names.insert(tensor.name);
  std::vector<Pair> pairs;
  for (const std::string& name : names) {
    const StoredTensor* const in_a = a.find_or_alias(name);
    const StoredTensor* const in_b = b.find_or_alias(name);
    if (in_b == nullptr) {
      found.only_in_a.push_back({name, in_a->dtype, in_a->shape});
    } else if (in_a == nullptr) {
      found.only_in_b.push_back({name, in_b->dtype, in_b->shape});
    } else {
      if (in_a->shape == in_b->shape && comparison_of(in_a->dtype, in_b->dtype) != Comparison::none) {
        pairs.push_back({found.tensors.size(), in_a, in_b});
      }
      found.tensors.push_back({name, in_a->dtype, in_b->dtype, in_a->shape, in_b->shape, {}, false});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& x, const Pair& y) {
    return std::tie(x.a->file, x.a->offset, x.tensor) < std::tie(y.a->file, y.a->offset, y.tensor);
  });
  return pairs;
}

Distance distance_of(const ElementDifference& elements, bool has_values) {
  Distance distance;
  distance.differing = elements.differing;
  if (!has_values) return distance;
  const auto [apart, norm_a, norm_b, dot] = elements.sums;
  distance.largest = elements.largest;
  distance.relative = apart == 0.0 ? 0.0 : std::sqrt(apart) / std::sqrt(norm_a);
  if (norm_a == 0.0 || norm_b == 0.0) {
    distance.cosine = std::numeric_limits<double>::quiet_NaN();
  } else if (apart == 0.0 && norm_a > 0.0) {
    distance.cosine = 1.0;
  } else {
    distance.cosine = std::clamp(dot / (std::sqrt(norm_a) * std::sqrt(norm_b)), -1.0, 1.0);
  }
  return distance;
}

/// Judges one tensor by what was found in it.
void conclude(TensorDifference& tensor, const ElementDifference& elements, std::optional<double> tolerance) {
  const Comparison comparison = comparison_of(tensor.dtype_a, tensor.dtype_b);
  const bool has_values = comparison != Comparison::bits;
  tensor.distance = distance_of(elements, has_values);
  if (tolerance && has_values) {
    tensor.equal = elements.largest <= *tolerance;
  } else {
    tensor.equal = tensor.dtype_a == tensor.dtype_b && elements.differing == 0;
  }
  // F6 elements were compared in groups.
  if (bits(tensor.dtype_a) == 6 && elements.differing > 0) tensor.distance.differing.reset();
}

/// Adds up the units of every pair and judges it; the total runs over tensors by name.
void conclude_all(ModelDifference& found, const std::vector<Pair>& pairs,
                  const std::vector<engine::SweepItem>& items, std::span<const ElementDifference> units) {
  std::vector<ElementDifference> by_name(found.tensors.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    TensorDifference& tensor = found.tensors[pairs[i].tensor];
    ElementDifference elements = add_up(units.first(items[i].units()));
    units = units.subspan(items[i].units());
    conclude(tensor, elements, found.tolerance);
    if (!tensor.distance.differing) elements.differing = 0;
    by_name[pairs[i].tensor] = elements;
  }
  found.distance = distance_of(add_up(by_name), true);
}

}  // namespace

bool ModelDifference::equal() const {
  return only_in_a.empty() && only_in_b.empty() &&
         std::all_of(tensors.begin(), tensors.end(), [](const TensorDifference& t) { return t.equal; });
}

ModelDifference diff(comm::Communicator& world, const std::string& reference_a,
                     const std::string& reference_b, std::optional<double> tolerance,
                     const Options& options) {
  if (tolerance && !(std::isfinite(*tolerance) && *tolerance >= 0.0)) {
    throw Error(ExitCode::usage, "the tolerance must be a finite number, 0 or more");
  }
  const checkpoint::Checkpoint a = engine::load_checkpoint(world, reference_a, options);
  const checkpoint::Checkpoint b = engine::load_checkpoint(world, reference_b, options);
  ModelDifference found;
  found.tolerance = tolerance;
  const std::vector<Pair> pairs = match(a, b, found);
  std::vector<engine::SweepItem> items;
  for (const Pair& pair : pairs) {
    items.push_back({pair.a->bytes + pair.b->bytes,
                     packed_bytes(*pair.a, unit_elements) + packed_bytes(*pair.b, unit_elements)});
  }
  const checkpoint::ViewReader reader_a(a);
  const checkpoint::ViewReader reader_b(b);
  const auto units = engine::sweep<ElementDifference>(world, items, options, "comparing the models", [&] {
    return [&, comparer = UnitComparer(reader_a, reader_b)](std::uint32_t item, std::uint64_t unit) mutable {
      return comparer.run(pairs[item], unit);
    };
  });
  comm::agree_after(world, "end of comparing", [&] {
    reader_a.check_unchanged();
    reader_b.check_unchanged();
  });
  conclude_all(found, pairs, items, units);
  return found;
}

}  // namespace stockpot::report
