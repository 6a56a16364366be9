#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/method/method.hpp"
#include "stockpot/plan/model_set.hpp"

namespace stockpot::plan {

/// A view of one model that a task reads.
struct InputRef {
  std::uint32_t model = 0;
  std::uint32_t view = 0;           ///< index into Model::views; for digest tasks into Checkpoint::tensors
  bool digests = false;             ///< this task's reading also yields the stored tensor's content digest
  std::uint64_t first_element = 0;  ///< of the view that the task reads
};

/// Matrices of one model's statistics that belong to a tensor: indices into Checkpoint::matrices.
struct MatrixRef {
  std::uint32_t model = 0;
  std::uint32_t input = 0;
  std::optional<std::uint32_t> output;
};

enum class TaskKind {
  merge,    ///< the method computes it
  copy,     ///< one model's bytes, or its values in another dtype
  agree,    ///< integers: every model must hold the same bytes, which are copied
  digest,   ///< writes nothing: content digest of a stored tensor that no other task reads whole
  measure,  ///< writes nothing: what the method would compute is only looked at
};

/// The place of a task among those that make rows of one tensor.
struct RowBlock {
  Shape tensor_shape;
  std::uint64_t first_element = 0;  ///< of the tensor; tasks of one tensor stand in this order
  bool of_all_models = true;        ///< false: some have too few rows, so it shares no scope with others
};

/// One tensor's work. Tasks with an output stand in natural order of their names; digest tasks follow.
struct TensorTask {
  TaskKind kind = TaskKind::merge;
  std::string name;
  Shape shape;
  DType dtype = DType::f32;      ///< of the output
  std::uint64_t elements = 0;    ///< of the grid below: bytes where `bytewise`
  bool bytewise = false;         ///< tiles are bytes: integers, copies of any dtype, digests
  std::vector<InputRef> inputs;  ///< recipe order, without the anchor
  std::optional<InputRef> anchor;
  std::vector<InputRef> statistics;  ///< Fisher diagonals of the inputs, in their order; or none
  std::vector<MatrixRef> matrices;   ///< of the inputs, in their order; or none
  method::ParameterValues values;
  std::optional<RowBlock> block;      ///< none: the task makes the whole tensor
  std::uint64_t row_elements = 1;     ///< tiles hold whole runs of so many elements
  std::uint64_t owned_run = 1;        ///< ranks have whole runs of so many elements
  std::uint64_t workspace_width = 0;  ///< doubles for each element that tiles bring along
  std::uint32_t file = 0;             ///< index into OutputLayout::files
  std::uint64_t offset = 0;           ///< of the task's first byte in that file

  [[nodiscard]] bool writes() const { return kind != TaskKind::digest && kind != TaskKind::measure; }
  /// True for one task of each tensor of the output: its only or first one.
  [[nodiscard]] bool begins_tensor() const { return writes() && (!block || block->first_element == 0); }
  /// Of the tensor in the output, of which this may be a block.
  [[nodiscard]] const Shape& tensor_shape() const { return block ? block->tensor_shape : shape; }
  /// True if no other tensor is surveyed together with this one.
  [[nodiscard]] bool is_scope_of_its_own() const { return block && !block->of_all_models; }
  /// The tensor's name, and which elements where it has several tasks and this is not the first.
  [[nodiscard]] std::string label() const;
};

/// Bytes of the tensor that this task begins that are not digested as they are written: with several tasks
/// what comes after the whole digest blocks of the first. They are read back in the end.
std::uint64_t undigested_bytes(const TensorTask& task);

/// All that a task reads: its inputs, the anchor, the statistics.
std::vector<InputRef> all_inputs(const TensorTask& task);
/// dtype of the bytes that reading this input delivers (u8 where bytewise).
DType input_dtype(const TensorTask& task, const ModelSet& models, const InputRef& input);
/// Bytes per element of the output's tiles (0 for digest tasks).
std::uint64_t output_element_bytes(const TensorTask& task);
/// Stored bytes that must be read for one element of the grid, over all inputs.
std::uint64_t read_bytes_per_element(const TensorTask& task, const ModelSet& models, const InputRef& input);
/// The same of all inputs together.
std::uint64_t input_bytes_per_element(const TensorTask& task, const ModelSet& models);

/// What holds for all tasks of a merge.
struct MergeSettings {
  recipe::Semantics semantics = recipe::Semantics::mergekit;
  recipe::Scope scope = recipe::Scope::tensor;
  std::uint64_t seed = 0;
  std::optional<recipe::Sparsify> sparsify = {};
  /// Rows of a matrix whose factor is held in memory; larger ones are stored, in other bits.
  std::uint64_t largest_held_order = 8192;
};

/// Context that the method sees.
method::TensorContext context_of(const TensorTask& task, const ModelSet& models,
                                 const MergeSettings& settings);

/// Elements per unit, the smallest piece of a tensor that one rank owns: a whole number of digest blocks of
/// every dtype involved, so that each block of each tensor is digested by one rank in one pass, and of runs
/// that one rank must own. A power of two where any cut will do; whole tensors may be one unit.
std::uint64_t unit_elements(const TensorTask& task, const ModelSet& models);
std::uint64_t unit_count(const TensorTask& task, const ModelSet& models);

}  // namespace stockpot::plan
