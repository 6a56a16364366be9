#include <nlopt.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "soup/optimizer.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::soup {
namespace {

struct Destroy {
  void operator()(nlopt_opt handle) const { nlopt_destroy(handle); }
};
using Handle = std::unique_ptr<std::remove_pointer_t<nlopt_opt>, Destroy>;

/// What the algorithm is told in one run, and what it then asks.
struct Dialogue {
  nlopt_opt handle = nullptr;
  std::span<const double> scores;
  std::size_t told = 0;
  Point asked;  ///< of the right size from the beginning: a C library calls what fills it in
  bool has_asked = false;
};

double answer(unsigned dimensions, const double* point, double*, void* data) noexcept {
  Dialogue& dialogue = *static_cast<Dialogue*>(data);
  if (dialogue.told < dialogue.scores.size()) return dialogue.scores[dialogue.told++];
  if (!dialogue.has_asked) std::copy(point, point + dimensions, dialogue.asked.begin());
  dialogue.has_asked = true;
  nlopt_force_stop(dialogue.handle);
  return 0.0;
}

void require(nlopt_result result) {
  if (result == NLOPT_OUT_OF_MEMORY) throw std::bad_alloc();
  if (result >= 0) return;
  throw Error(ExitCode::usage,
              std::string("search strategy 'nlopt': NLopt says ") + nlopt_result_to_string(result));
}

class Subplex : public Optimizer {
 public:
  Subplex(Point start, std::vector<double> steps, std::vector<double> tolerances)
      : start_(std::move(start)), steps_(std::move(steps)), tolerances_(std::move(tolerances)) {}

  std::vector<Point> asks(std::span<const double> scores) const override {
    const Handle handle(nlopt_create(NLOPT_LN_SBPLX, static_cast<unsigned>(start_.size())));
    if (!handle) throw std::bad_alloc();
    Dialogue dialogue{handle.get(), scores, 0, start_, false};
    require(nlopt_set_max_objective(handle.get(), answer, &dialogue));
    require(nlopt_set_lower_bounds1(handle.get(), 0.0));
    require(nlopt_set_upper_bounds1(handle.get(), 1.0));
    require(nlopt_set_initial_step(handle.get(), steps_.data()));
    require(nlopt_set_xtol_abs(handle.get(), tolerances_.data()));
    Point best = start_;
    double score = 0.0;
    const nlopt_result result = nlopt_optimize(handle.get(), best.data(), &score);
    if (dialogue.has_asked) return {std::move(dialogue.asked)};
    if (result != NLOPT_ROUNDOFF_LIMITED) require(result);
    return {};
  }
  bool foresees_batches() const override { return true; }

 private:
  Point start_;
  std::vector<double> steps_;
  std::vector<double> tolerances_;
};

}  // namespace

std::unique_ptr<const Optimizer> make_subplex(Point start, std::vector<double> steps,
                                              std::vector<double> tolerances) {
  return std::make_unique<Subplex>(std::move(start), std::move(steps), std::move(tolerances));
}

}  // namespace stockpot::soup
