#include "method/gram_survey.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "method/finding_words.hpp"
#include "stockpot/kernel/gram.hpp"

namespace stockpot::method {
namespace {

std::size_t vectors_in(Span span, std::size_t models) {
  return span == Span::anchor_and_models ? models + 1 : models;
}

/// Sums over one run of elements: the triangle, then the squared difference of two vectors.
class RunSums {
 public:
  RunSums(Span span, std::size_t models)
      : span_(span),
        vectors_(vectors_in(span, models)),
        triangle_width_(kernel::gram_width(vectors_)),
        width_(triangle_width_ + (vectors_ == 2 ? 1 : 0)) {}

  [[nodiscard]] std::size_t vectors() const { return vectors_; }
  [[nodiscard]] std::size_t triangle_width() const { return triangle_width_; }
  [[nodiscard]] std::size_t width() const { return width_; }

  void add_up(const Tile& tile, std::uint64_t first, std::uint64_t count, std::span<double> sums) const {
    std::vector<kernel::TypedInput> inputs;
    const kernel::TypedInput anchor = skip(tile.anchor, first);
    if (span_ == Span::anchor_and_models) inputs.push_back(anchor);
    for (const kernel::TypedInput& input : tile.inputs) inputs.push_back(skip(input, first));
    const bool subtracts = span_ == Span::task_vectors;
    kernel::gram(inputs, subtracts ? anchor : kernel::TypedInput{}, count, sums.first(triangle_width_));
    if (vectors_ == 2) {
      kernel::gram(std::span(inputs).subspan(1), inputs.front(), count, sums.subspan(triangle_width_));
    }
  }

 private:
  Span span_;
  std::size_t vectors_;
  std::size_t triangle_width_;
  std::size_t width_;
};

class GramSurvey : public Survey {
 public:
  GramSurvey(const ScopeContext& scope, Span span, SolveGeometry solve)
      : tensors_(scope.tensors),
        run_(span, scope.tensors.front().models),
        sums_(scope.leaf_count(), run_.vectors()),
        solve_(std::move(solve)) {
    if (run_.vectors() == 2) difference_.emplace(scope.leaf_count(), 1);
    for (std::size_t t = 0; t < tensors_.size(); ++t) first_leaf_.push_back(scope.first_leaf(t));
  }

  Reading next() const override { return geometry_ ? Reading::nothing : Reading::everything; }

  void take(std::size_t tensor, const Tile& tile) override {
    std::vector<double> triangles;
    std::vector<double> differences;
    std::vector<double> sums(run_.width());
    for (std::uint64_t done = 0; done < tile.count; done += leaf_elements) {
      run_.add_up(tile, tile.before + done, std::min(leaf_elements, tile.count - done), sums);
      const auto end = sums.begin() + static_cast<std::ptrdiff_t>(run_.triangle_width());
      triangles.insert(triangles.end(), sums.begin(), end);
      differences.insert(differences.end(), end, sums.end());
    }
    const std::uint64_t leaf = first_leaf_[tensor] + tile.first / leaf_elements;
    sums_.add(leaf, triangles);
    if (difference_) difference_->add(leaf, differences);
  }

  void end_round(stats::Reducer& reducer) override {
    geometry_ = Geometry{sums_.total(reducer), std::nullopt};
    if (difference_) geometry_->squared_difference = difference_->total(reducer).squared_norm(0);
  }

  std::vector<std::uint64_t> findings() const override {
    std::vector<std::uint64_t> words;
    for (std::size_t i = 0; i < run_.vectors(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) put_words(words, std::array{geometry_->gram.dot(i, j)});
    }
    if (geometry_->squared_difference) put_words(words, std::array{*geometry_->squared_difference});
    return words;
  }
  bool adopt(std::span<const std::uint64_t> findings) override {
    if (findings.size() != run_.width()) return false;
    std::vector<double> numbers = take_numbers(findings);
    std::optional<double> difference;
    if (difference_) difference = numbers.back();
    numbers.resize(run_.triangle_width());
    geometry_ = Geometry{stats::GramMatrix(run_.vectors(), std::move(numbers)), difference};
    return true;
  }

  std::unique_ptr<ElementPass> coefficients(std::size_t tensor) const override {
    return make_linear_pass(solve_(tensors_[tensor], *geometry_).form);
  }
  Diagnostics diagnostics(std::size_t tensor) const override {
    return solve_(tensors_[tensor], *geometry_).diagnostics;
  }

 private:
  std::vector<TensorContext> tensors_;
  std::vector<std::uint64_t> first_leaf_;
  RunSums run_;
  stats::GramSums sums_;
  std::optional<stats::GramSums> difference_;
  SolveGeometry solve_;
  std::optional<Geometry> geometry_;
};

}  // namespace

Geometry geometry_of(Span span, const Tile& tile, std::uint64_t first, std::uint64_t count) {
  const RunSums run(span, tile.inputs.size());
  std::vector<double> sums(run.width());
  run.add_up(tile, first, count, sums);
  std::optional<double> difference;
  if (run.width() > run.triangle_width()) difference = sums.back();
  sums.resize(run.triangle_width());
  return {stats::GramMatrix(run.vectors(), std::move(sums)), difference};
}

SurveyCost gram_cost(Span span, std::size_t models) {
  return {.reductions = {{.leaf_width = RunSums(span, models).width()}}};
}

std::unique_ptr<Survey> make_gram_survey(const ScopeContext& scope, Span span, SolveGeometry solve) {
  return std::make_unique<GramSurvey>(scope, span, std::move(solve));
}

}  // namespace stockpot::method
