#include "statistics_bench.hpp"

#include <algorithm>
#include <ctime>
#include <functional>
#include <random>

#include "stockpot/base/error.hpp"
#include "stockpot/kernel/cholesky.hpp"
#include "stockpot/kernel/conjugate_gradients.hpp"
#include "stockpot/kernel/input_gram.hpp"
#include "stockpot/kernel/linear_algebra.hpp"
#include "stockpot/kernel/sums.hpp"
#include "stockpot/kernel/symmetric.hpp"

namespace stockpot::bench {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t models = 4;
constexpr std::size_t most_outputs = 1024;  // of the layer: heads of keys and values have so few
constexpr std::size_t block_rows = 1024;    // tokens that are added to a Gram matrix at once
constexpr std::uint64_t iterations = 4;

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double rate_of(double operations, const std::function<void()>& work) {
  const double begin = processor_seconds();
  work();
  return 1e-9 * operations / (processor_seconds() - begin);
}

template <typename T>
std::vector<T> random_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<T> values(-1, 1);
  std::vector<T> result(count);
  for (T& value : result) value = values(generator);
  return result;
}

/// A layer of `size` inputs, and what is measured on it.
class Layer {
 public:
  explicit Layer(std::size_t size)
      : size_(size),
        outputs_(std::min(size, most_outputs)),
        left_(random_values<double>(size * size, 1)),
        right_(random_values<double>(size * size, 2)),
        product_(size * size),
        inputs_(random_values<float>(block_rows * size, 3)),
        wide_inputs_(inputs_.begin(), inputs_.end()),
        gram_(size * size),
        weights_(random_values<double>(outputs_ * size, 4)),
        sum_(size * size),
        rhs_(outputs_ * size),
        solution_(outputs_ * size) {
    add_gram(DType::f64);
    for (std::size_t i = 0; i < size; ++i) gram_[i * size + i] += static_cast<double>(size);
    kernel::symmetrise(gram_.data(), size, size);
  }

  [[nodiscard]] double product_operations() const { return 2.0 * cube(); }
  void multiply() { kernel::add_matrix_product(left_.data(), right_.data(), product_.data(), size_); }

  [[nodiscard]] double gram_operations() const {
    return static_cast<double>(block_rows) * static_cast<double>(size_ * (size_ + 1));
  }
  void add_gram(DType dtype) {
    const void* const data =
        dtype == DType::f64 ? static_cast<const void*>(wide_inputs_.data()) : inputs_.data();
    kernel::add_input_gram({dtype, static_cast<const std::byte*>(data), block_rows, size_, size_},
                           {gram_.data(), 0, size_, size_});
  }

  [[nodiscard]] double regmean_operations() const {
    return cube() / 3.0 + static_cast<double>(models + 1) * one_product_operations();
  }
  void solve_regmean() {
    constexpr kernel::SymmetricScale scale{0.9};
    std::fill(sum_.begin(), sum_.end(), 0.0);
    std::fill(rhs_.begin(), rhs_.end(), 0.0);
    for (std::size_t model = 0; model < models; ++model) {
      kernel::add_symmetric({gram_.data(), 0, size_, size_}, scale, {sum_.data(), 0, size_, size_});
      kernel::add_symmetric_product(gram(), scale, columns<const double>(weights_.data()),
                                    columns(rhs_.data()));
    }
    if (kernel::factor_cholesky(sum_.data(), size_, size_)) {
      throw Error(ExitCode::verification, "bench statistics: the factorisation failed");
    }
    kernel::solve_cholesky(sum_.data(), size_, size_, columns(rhs_.data()));
  }

  [[nodiscard]] double mats_operations() const {
    return static_cast<double>(iterations + 1) * one_product_operations();
  }
  void solve_mats() {
    std::copy(weights_.begin(), weights_.end(), rhs_.begin());
    std::fill(solution_.begin(), solution_.end(), 0.0);
    const auto apply = [this](std::span<const double> unknown, std::span<double> result) {
      std::fill(result.begin(), result.end(), 0.0);
      kernel::add_symmetric_product(gram(), {}, columns(unknown.data()), columns(result.data()));
    };
    kernel::conjugate_gradients(apply, kernel::sum_of_products, rhs_, solution_, {iterations, 0.0, {}});
  }

 private:
  [[nodiscard]] kernel::SymmetricPanel gram() const { return {gram_.data(), size_, 0, size_, size_}; }
  [[nodiscard]] double cube() const {
    const auto size = static_cast<double>(size_);
    return size * size * size;
  }
  [[nodiscard]] double one_product_operations() const {
    return 2.0 * static_cast<double>(size_) * static_cast<double>(size_) * static_cast<double>(outputs_);
  }
  template <typename T>
  [[nodiscard]] kernel::BasicColumns<T> columns(T* data) const {
    return {data, size_, outputs_, 1, size_};
  }

  std::size_t size_;
  std::size_t outputs_;
  Vector left_;
  Vector right_;
  Vector product_;
  std::vector<float> inputs_;
  Vector wide_inputs_;
  Vector gram_;
  Vector weights_;
  Vector sum_;
  Vector rhs_;
  Vector solution_;
};

Comparison compare(const std::string& name, const std::string& variant, std::size_t size, int pairs,
                   Layer& layer, double operations, const std::function<void()>& work) {
  Comparison comparison{name, variant, size, "GFLOP/s", false, {}, {}};
  work();  // page faults of the first time
  for (int pair = 0; pair < pairs; ++pair) {
    comparison.references.push_back(rate_of(layer.product_operations(), [&] { layer.multiply(); }));
    comparison.rates.push_back(rate_of(operations, work));
  }
  return comparison;
}

}  // namespace

std::vector<Comparison> run_statistics_bench(const StatisticsBenchOptions& options) {
  std::vector<Comparison> comparisons;
  for (const std::size_t size : options.sizes) {
    Layer layer(size);
    const auto measure = [&](const char* name, const char* variant, double operations,
                             const std::function<void()>& work) {
      comparisons.push_back(compare(name, variant, size, options.pairs, layer, operations, work));
    };
    measure("solve_vs_gemm", "regmean", layer.regmean_operations(), [&] { layer.solve_regmean(); });
    measure("solve_vs_gemm", "mats", layer.mats_operations(), [&] { layer.solve_mats(); });
    measure("gram_vs_gemm", "f64", layer.gram_operations(), [&] { layer.add_gram(DType::f64); });
    measure("gram_vs_gemm", "f32", layer.gram_operations(), [&] { layer.add_gram(DType::f32); });
  }
  return comparisons;
}

}  // namespace stockpot::bench
