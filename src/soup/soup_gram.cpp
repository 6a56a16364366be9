#include "soup/soup_gram.hpp"

#include <mutex>
#include <nlohmann/json.hpp>

#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::soup {
namespace {

/// What one rank was shown.
class Shown {
 public:
  void take(const stats::GramMatrix& gram) {
    const std::lock_guard lock(mutex_);
    if (!gram_) gram_ = gram;
  }
  [[nodiscard]] std::string text() const {
    nlohmann::json triangle = nlohmann::json::array();
    for (std::size_t i = 0; gram_ && i < gram_->vectors(); ++i) {
      for (std::size_t j = 0; j <= i; ++j) triangle.push_back(gram_->dot(i, j));
    }
    return triangle.dump();
  }

 private:
  std::mutex mutex_;
  std::optional<stats::GramMatrix> gram_;
};

}  // namespace

stats::GramMatrix measure_gram(comm::Communicator& world, engine::CandidateMaker& maker,
                               const Variants& variants) {
  Shown shown;
  engine::Variant variant;
  comm::agree_after(world, "geometry", [&] {
    variant = variants.measured([&shown](const stats::GramMatrix& gram) { shown.take(gram); });
  });
  maker.form(variant);
  // A rank that makes no floating tensor has seen nothing.
  for (const std::string& text : world.all_gather(shown.text(), "geometry")) {
    auto triangle = nlohmann::json::parse(text).get<std::vector<double>>();
    if (!triangle.empty()) return {variants.models(), std::move(triangle)};
  }
  throw Error(ExitCode::input, "the models have no floating tensor to measure");
}

SoupGeometry geometry_of(const stats::GramMatrix& gram, const std::vector<double>& coefficients) {
  SoupGeometry geometry{gram.norm(coefficients), {}};
  for (std::size_t i = 0; i < gram.vectors(); ++i) {
    std::vector<double> alone(gram.vectors(), 0.0);
    alone[i] = 1.0;
    geometry.cosines.push_back(gram.cosine(coefficients, alone));
  }
  return geometry;
}

}  // namespace stockpot::soup
