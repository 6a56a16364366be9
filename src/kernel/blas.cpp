#include "kernel/blas.hpp"

#include <limits>
#include <mutex>
#include <string>

#include "kernel/require.hpp"
#include "stockpot/kernel/linear_algebra.hpp"

// Fortran passes pointers; the lengths of one-letter arguments that follow are not read.
extern "C" {
void dgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n, const int* k,
            const double* alpha, const double* a, const int* a_stride, const double* b, const int* b_stride,
            const double* beta, double* c, const int* c_stride);
void dsyrk_(const char* triangle, const char* transpose, const int* n, const int* k, const double* alpha,
            const double* a, const int* a_stride, const double* beta, double* c, const int* c_stride);
void dtrsm_(const char* side, const char* triangle, const char* transpose, const char* unit, const int* m,
            const int* n, const double* alpha, const double* a, const int* a_stride, double* b,
            const int* b_stride);
void dpotrf_(const char* triangle, const int* n, double* a, const int* stride, int* info);
// Null where the library is another one.
void openblas_set_num_threads(int threads) __attribute__((weak));
char* openblas_get_config() __attribute__((weak));
int openblas_get_parallel() __attribute__((weak));
}

namespace stockpot::kernel {
namespace {

int fortran(std::size_t size) {
  require(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()), "linear algebra: too large");
  return static_cast<int>(size);
}

int fortran_stride(std::size_t stride) {
  return fortran(stride == 0 ? 1 : stride);
}

/// While a routine runs. An OpenBLAS that was built without threads, or for OpenMP's, gives two callers at a
/// time the same working memory, and wrong results: there, calls take turns.
class Call {
 public:
  Call() {
    if (takes_turns()) turn_ = std::unique_lock(mutex());
  }

 private:
  static bool takes_turns() {
    static const bool answer = [] {
      constexpr int with_threads_of_its_own = 1;
      if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
      return openblas_get_parallel != nullptr && openblas_get_parallel() != with_threads_of_its_own;
    }();
    return answer;
  }
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  std::unique_lock<std::mutex> turn_;
};

}  // namespace

std::string linear_algebra_library() {
  if (openblas_get_config == nullptr) return "BLAS";
  const std::string text = openblas_get_config();  // name, version and options of its build
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

void add_matrix_product(const double* a, const double* b, double* c, std::size_t order) {
  // Seen by columns this is C^T += B^T A^T.
  blas::add_product(order, order, order, 1.0, {b, order, false}, {a, order, false}, c, order);
}

namespace blas {

void add_product(std::size_t m, std::size_t n, std::size_t k, double alpha, Operand a, Operand b, double* c,
                 std::size_t c_stride) {
  const Call call;
  const int rows = fortran(m);
  const int columns = fortran(n);
  const int products = fortran(k);
  const int a_step = fortran_stride(a.stride);
  const int b_step = fortran_stride(b.stride);
  const int c_step = fortran_stride(c_stride);
  const double one = 1.0;
  dgemm_(a.transposed ? "T" : "N", b.transposed ? "T" : "N", &rows, &columns, &products, &alpha, a.data,
         &a_step, b.data, &b_step, &one, c, &c_step);
}

void add_outer_product(std::size_t n, std::size_t k, const double* a, std::size_t a_stride, double* c,
                       std::size_t c_stride) {
  const Call call;
  const int order = fortran(n);
  const int products = fortran(k);
  const int a_step = fortran_stride(a_stride);
  const int c_step = fortran_stride(c_stride);
  const double one = 1.0;
  dsyrk_("U", "N", &order, &products, &one, a, &a_step, &one, c, &c_step);
}

void solve_upper(std::size_t m, std::size_t n, Operand a, double* b, std::size_t b_stride) {
  const Call call;
  const int rows = fortran(m);
  const int columns = fortran(n);
  const int a_step = fortran_stride(a.stride);
  const int b_step = fortran_stride(b_stride);
  const double one = 1.0;
  dtrsm_("L", "U", a.transposed ? "T" : "N", "N", &rows, &columns, &one, a.data, &a_step, b, &b_step);
}

std::size_t factor_upper(std::size_t n, double* a, std::size_t stride) {
  const Call call;
  const int order = fortran(n);
  const int step = fortran_stride(stride);
  int info = 0;
  dpotrf_("U", &order, a, &step, &info);
  require(info >= 0, "linear algebra: the library refuses the factorisation's arguments");
  return static_cast<std::size_t>(info);
}

}  // namespace blas
}  // namespace stockpot::kernel
