#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/row_blocks.hpp"
#include "stockpot/plan/resolve.hpp"

namespace stockpot::plan {

/// One model's part in a tensor: which model, under which of its own tensor names, with which parameters of
/// its own.
struct Contribution {
  std::uint32_t model = 0;
  std::string tensor_name;
  std::optional<std::size_t> source;  ///< index into the slice's sources, else into the module's models
  std::optional<double> examples;
};

/// Where a tensor stands in the recipe: what parameter lookups need.
struct Location {
  const recipe::Module* module = nullptr;
  const recipe::Slice* slice = nullptr;
  double depth = 0.0;
};

/// Makes tasks out of contributions: finds the views, checks shapes and dtypes, evaluates parameters, picks
/// the output's dtype.
class TaskBuilder {
 public:
  TaskBuilder(const recipe::Recipe& recipe, const method::Method& method, const ModelSet& models,
              std::optional<DType> dtype, std::uint32_t config_model)
      : recipe_(recipe), method_(method), models_(models), dtype_(dtype), config_model_(config_model) {}

  /// A tensor that the method makes; problems are recorded when it can't.
  void merge(const std::string& output_name, const std::vector<Contribution>& contributions,
             const std::optional<Contribution>& anchor, const Location& location);
  /// A tensor taken from one model as it is.
  void copy(const std::string& output_name, std::uint32_t model);

  /// A fault of the models.
  void error(const std::string& where, const std::string& message, const std::string& suggestion = "");
  /// A fault of the recipe, whatever the models hold.
  void recipe_error(const std::string& where, const std::string& message, const std::string& suggestion = "");
  void warning(const std::string& where, const std::string& message);

  [[nodiscard]] ResolvedMerge take();

 private:
  std::optional<InputRef> find_input(const std::string& output_name, const Contribution& contribution);
  /// What the method uses of the contributions' statistics; nothing where no model has it, or where it is
  /// wrong.
  void add_statistics(TensorTask& task, const std::vector<Contribution>& contributions,
                      const Location& location);
  std::vector<InputRef> find_diagonals(const TensorTask& task, const std::vector<Contribution>& contributions,
                                       const Location& location);
  std::vector<MatrixRef> find_matrices(const TensorTask& task, const std::vector<Contribution>& contributions,
                                       const Location& location, method::StatisticUse use);
  /// Index of the model whose statistics stand beside a contribution.
  [[nodiscard]] std::uint32_t statistics_of(const Contribution& contribution, const Location& location) const;
  /// That some models have what another lacks.
  void report_lacking(const TensorTask& task, const std::string& what, const std::string& file);
  bool check_alike(const std::string& output_name, const std::vector<InputRef>& inputs);
  /// True for shapes of tokens by anything of which only the numbers of tokens differ.
  [[nodiscard]] bool differ_in_tokens(const std::string& output_name, const InputRef& a,
                                      const InputRef& b) const;
  /// A tensor of the vocabulary, cut where models end: `inputs` are those of the contributions, then the
  /// anchor's.
  void merge_rows(const std::string& output_name, const std::vector<InputRef>& inputs,
                  const std::vector<Contribution>& contributions, const Location& location);
  /// Kind and parameters of a task that makes some rows of a tensor; false if nothing can make them.
  bool complete_rows(TensorTask& task, const HeldRows& rows, bool has_anchor,
                     const std::vector<Contribution>& contributions, const Location& location);
  void note_vocabulary(const Shape& shape, const std::vector<InputRef>& inputs);
  /// Checks and notes a task of the method's; @pre inputs and values are known
  void finish_merge(TensorTask& task);
  void choose_kind(TensorTask& task, const std::vector<InputRef>& inputs, bool single_source);
  DType output_dtype(const std::vector<InputRef>& inputs) const;
  /// The recipe's, but for the seed, which no check depends on.
  [[nodiscard]] MergeSettings settings() const;
  /// Parameters that the method can't work with are found here, not while elements move.
  void check_coefficients(const TensorTask& task);
  method::ParameterValues evaluate(const std::string& output_name,
                                   const std::vector<Contribution>& contributions, const Location& location);
  const checkpoint::TensorView& view(const InputRef& input) const {
    return models_[input.model].views[input.view];
  }
  const checkpoint::StoredTensor& stored(const InputRef& input) const;
  std::string describe(const InputRef& input) const;

  const recipe::Recipe& recipe_;
  const method::Method& method_;
  const ModelSet& models_;
  std::optional<DType> dtype_;
  std::uint32_t config_model_;
  std::vector<TensorTask> tasks_;
  std::optional<std::uint64_t> vocabulary_;  ///< rows of embeddings whose models differ
  std::vector<recipe::Problem> problems_;
  bool recipe_at_fault_ = false;
  std::vector<method::ParameterValues> refused_;  ///< by the method, each told once
};

}  // namespace stockpot::plan
