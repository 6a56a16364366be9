#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stockpot/kernel/linear_form.hpp"
#include "stockpot/method/survey_cost.hpp"
#include "stockpot/recipe/recipe.hpp"
#include "stockpot/recipe/schema.hpp"
#include "stockpot/tensor/shape.hpp"

/// How models become one. Every method is statistics -> coefficients -> apply: a survey of the elements of a
/// scope, reduced over the ranks that share it, a few numbers, one pass over the elements. A method knows
/// neither ranks nor files; it sees tiles.
namespace stockpot::method {

/// Parameters of one output tensor, evaluated for its name and depth.
struct ParameterValues {
  std::map<std::string, double> shared;  ///< absent: not given and no default
  std::map<std::string, std::vector<std::optional<double>>>
      per_model;                             ///< by model, recipe order without the anchor
  std::map<std::string, std::string> words;  ///< parameters of kind choice

  [[nodiscard]] double number(const std::string& name) const;  ///< @pre given or defaulted
  [[nodiscard]] bool flag(const std::string& name) const { return number(name) != 0.0; }
  [[nodiscard]] std::vector<double> of_models(const std::string& name) const;  ///< @pre given for every model

  friend bool operator==(const ParameterValues&, const ParameterValues&) = default;
};

/// The symmetric matrices that the models' statistics have of a tensor: sums over inputs x and output
/// gradients g of the layer that it is the weight of, or over its own gradients.
struct MatrixShape {
  std::uint64_t order = 0;          ///< of the mean of x x^T, or of g g^T of a vector; 0: there is none
  std::uint64_t output_order = 0;   ///< of the mean of g g^T over the layer's outputs; 0: there is none
  bool inputs_are_last = true;      ///< W [out, in] as nn.Linear has it, else [in, out]
  std::uint64_t element_bytes = 0;  ///< of one stored element of all inputs (and anchor) together
  bool is_stored = false;           ///< a factor of so many rows is not held in memory
};

/// Which of a model's statistics a method uses of a tensor.
enum class StatisticUse {
  none,
  diagonal,             ///< Fisher values, which come with the tiles
  input_matrix,         ///< the Gram matrix of the layer's inputs
  input_output_matrix,  ///< that of its output gradients as well; tensors with the first alone have neither
  vector_matrix,        ///< the Fisher block of a vector
};

/// What a method knows of the tensor that it merges.
struct TensorContext {
  std::string name;
  Shape shape;
  std::uint64_t elements = 0;
  std::uint64_t first_element = 0;  ///< where this is a block of a tensor: its place there
  std::size_t models = 0;           ///< without the anchor
  bool has_anchor = false;
  bool has_statistics = false;  ///< tiles come with the models' Fisher diagonals
  MatrixShape matrices;         ///< of every model
  ParameterValues values;
  recipe::Semantics semantics = recipe::Semantics::mergekit;
  std::uint64_t seed = 0;
  std::vector<std::string> model_names;  ///< recipe order without the anchor; keys of random numbers
};

/// Tells the tensor from all others of a scope, of which several may be blocks of one.
std::string part_of(const TensorContext& tensor);

/// Consecutive elements [first, first + count) of one tensor: every model's, the anchor's, and where the
/// result goes. Inputs begin at element `first` - `before`: with a method that works on rows they hold whole
/// rows, `before` + `count` + `after` elements.
struct Tile {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::span<const kernel::TypedInput> inputs;      ///< recipe order, without the anchor
  kernel::TypedInput anchor;                       ///< data is null without one
  std::span<const kernel::TypedInput> statistics;  ///< by input; empty without
  kernel::TypedOutput output;                      ///< unused while statistics are taken
  /// For the method to work in: Method::workspace_width doubles for each element that the inputs hold.
  std::span<double> workspace;
};

/// The apply step of one tensor: statistics and coefficients are known, elements are independent.
class ElementPass {
 public:
  ElementPass() = default;
  ElementPass(const ElementPass&) = delete;
  ElementPass& operator=(const ElementPass&) = delete;
  virtual ~ElementPass() = default;
  /// Local, thread safe; any cut of a tensor into tiles gives the same bytes.
  virtual kernel::ElementCounts apply(const Tile& tile) const = 0;
  /// The linear form that `apply` evaluates, if it is one: ranks that hold different models can then pass
  /// running sums.
  [[nodiscard]] virtual const kernel::LinearForm* linear_form() const { return nullptr; }
};

class Survey;
struct ScopeContext;

/// Properties that the catalog's test suite checks of every method that claims them.
struct Claims {
  bool idempotent = false;             ///< equal models (and anchor) give that model back
  bool permutation_invariant = false;  ///< with equal parameters, to one output ulp
  bool linear = false;                 ///< scaling all inputs by a power of two scales the output
};

class Method {
 public:
  Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;
  virtual ~Method() = default;

  [[nodiscard]] virtual const recipe::MethodSchema& schema() const = 0;
  [[nodiscard]] virtual Claims claims() const = 0;

  /// What the scope of `tensor` is surveyed for before it can be merged; false: nothing.
  [[nodiscard]] virtual bool needs_survey(const TensorContext& /*tensor*/) const { return false; }
  /// Begins a survey. Throws Error{usage} for parameters that make no sense together.
  /// @pre needs_survey of every tensor of the scope
  [[nodiscard]] virtual std::unique_ptr<Survey> survey(const ScopeContext& scope) const;
  [[nodiscard]] virtual SurveyCost survey_cost(const TensorContext& /*tensor*/) const { return {}; }
  /// The apply step of a tensor that needs no survey. Throws Error{usage} for parameters that make no sense
  /// together. @pre not needs_survey(tensor)
  [[nodiscard]] virtual std::unique_ptr<ElementPass> coefficients(const TensorContext& tensor) const;
  /// Where a recipe says no scope.
  [[nodiscard]] virtual recipe::Scope default_scope(recipe::Semantics) const { return recipe::Scope::tensor; }
  /// What a tensor is surveyed together with; `scope` is what the recipe or the default says.
  [[nodiscard]] virtual recipe::Scope survey_scope(const TensorContext& /*tensor*/,
                                                   recipe::Scope scope) const {
    return scope;
  }
  /// True if surveys lead to linear forms.
  [[nodiscard]] virtual bool surveys_for_linear_form() const { return false; }
  /// Which statistics of the models a tensor with these parameters is merged by.
  [[nodiscard]] virtual StatisticUse statistic_use(const ParameterValues& /*values*/) const {
    return StatisticUse::none;
  }
  /// A rank has whole runs of so many elements, and tiles hold all that it has in one unit. 1: any cut will
  /// do.
  [[nodiscard]] virtual std::uint64_t owned_run(const TensorContext& /*tensor*/) const { return 1; }
  /// Doubles of workspace that tiles bring along, for each element.
  [[nodiscard]] virtual std::uint64_t workspace_width(const TensorContext& /*tensor*/) const { return 0; }
  /// Tiles hold whole runs of so many elements, in the survey and when applied; the last run of a tensor may
  /// be shorter. 1: any cut will do.
  [[nodiscard]] virtual std::uint64_t row_elements(const TensorContext& /*tensor*/) const { return 1; }
};

/// The apply step that evaluates a linear form.
std::unique_ptr<ElementPass> make_linear_pass(kernel::LinearForm form);

}  // namespace stockpot::method
