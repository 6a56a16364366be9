#include "soup/mixture.hpp"

#include <utility>

#include "stockpot/kernel/sums.hpp"
#include "stockpot/kernel/weighted_sums.hpp"
#include "stockpot/probe/labels.hpp"

namespace stockpot::soup {

Mixture::Mixture(std::vector<probe::Parameters> models, CoefficientGroups groups)
    : models_(std::move(models)), groups_(std::move(groups)) {
  for (std::size_t t = 0; t < models_.front().size(); ++t) places_[models_.front()[t].name] = t;
}

probe::Parameters Mixture::combine(std::span<const double> coefficients) const {
  probe::Parameters soup;
  for (std::size_t t = 0; t < models_.front().size(); ++t) {
    const probe::NamedTensor& first = models_.front()[t];
    const auto group = groups_.of_tensor.find(first.name);
    if (group == groups_.of_tensor.end()) {
      soup.push_back(first);
      continue;
    }
    probe::NamedTensor sum{first.name, first.shape, std::vector<double>(first.values.size())};
    for (std::size_t i = 0; i < models(); ++i) {
      kernel::add_weighted(models_[i][t].values, coefficients[group->second * models() + i], sum.values);
    }
    soup.push_back(std::move(sum));
  }
  return soup;
}

void Mixture::add_products(const probe::Parameters& gradient, std::span<double> products) const {
  for (const probe::NamedTensor& tensor : gradient) {
    const auto group = groups_.of_tensor.find(tensor.name);
    if (group == groups_.of_tensor.end()) continue;
    const std::size_t place = places_.at(tensor.name);
    for (std::size_t i = 0; i < models(); ++i) {
      products[group->second * models() + i] +=
          kernel::sum_of_products(tensor.values, models_[i][place].values);
    }
  }
}

std::vector<double> softmax_rows(std::span<const double> alpha, std::size_t models) {
  std::vector<double> coefficients(alpha.begin(), alpha.end());
  for (std::size_t row = 0; row < alpha.size() / models; ++row) {
    probe::softmax(std::span(coefficients).subspan(row * models, models));
  }
  return coefficients;
}

std::vector<double> pull_through_softmax(std::span<const double> coefficients,
                                         std::span<const double> gradient, std::size_t models) {
  std::vector<double> pulled(gradient.size());
  for (std::size_t row = 0; row < gradient.size() / models; ++row) {
    double mean = 0;
    for (std::size_t i = row * models; i < (row + 1) * models; ++i) mean += coefficients[i] * gradient[i];
    for (std::size_t i = row * models; i < (row + 1) * models; ++i) {
      pulled[i] = coefficients[i] * (gradient[i] - mean);
    }
  }
  return pulled;
}

}  // namespace stockpot::soup
