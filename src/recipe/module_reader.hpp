#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recipe/model_names.hpp"
#include "recipe/parse_context.hpp"

namespace stockpot::recipe {

/// Reads `models:`, `slices:` and `modules:`, and checks them against the method: numbers of models, required
/// parameters, names. Needs the recipe's `base_model` and `parameters` to be read already.
class ModuleReader {
 public:
  ModuleReader(const ParseContext& context, const Recipe& recipe) : context_(context), recipe_(recipe) {}

  /// From the recipe's own mapping.
  std::vector<Module> read(MappingReader& recipe);

  [[nodiscard]] const ModelNames& names() const { return names_; }
  [[nodiscard]] ModelNames& names() { return names_; }
  /// Required parameters that are missing and that the search sets.
  [[nodiscard]] const std::set<std::string>& left_to_search() const { return left_to_search_; }

 private:
  using Levels = std::vector<const Parameters*>;  // where a parameter may stand besides the model itself

  std::vector<Module> read_modules(const Cursor& at);
  void read_body(const std::optional<Cursor>& models, const std::optional<Cursor>& slices, Module& module);

  void read_models(const Cursor& at, Module& module);
  ModelEntry read_model(const Cursor& at);
  void read_statistics(const Cursor& at, MappingReader& reader, ModelEntry& entry);
  Trajectory read_trajectory(const Cursor& at, const Levels& levels);
  void check_trajectory(const Cursor& at, const Trajectory& trajectory, const Levels& levels);

  void read_slices(const Cursor& at, Module& module);
  Slice read_slice(const Cursor& at, const Module& module);
  SliceSource read_source(const Cursor& at);
  void read_layer_range(const Cursor& at, SliceSource& source);
  void check_lengths(const Cursor& at, const Slice& slice);
  void check_base_is_source(const Cursor& at, const Slice& slice);

  std::string read_name(const std::optional<Cursor>& at, const ModelReference& reference);
  void check_name(const Cursor& at, const std::string& name, const ModelReference& reference,
                  std::set<std::string>& taken);
  void check_count(const Cursor& at, std::size_t listed, bool base_is_listed);
  void check_shared_parameters(const Cursor& at, const Levels& levels);
  void check_model_parameters(const Cursor& at, const std::string& name, const ModelReference& reference,
                              const std::optional<ModelReference>& base, const Levels& levels);
  /// The base_model is given a role of its own, so that it needs no parameters.
  [[nodiscard]] bool base_is_anchor() const;
  [[nodiscard]] bool is_required(const ParameterSpec& parameter) const;
  static bool is_given(const ParameterSpec& parameter, const Levels& levels);
  /// Required, not given, and no search sets it.
  bool is_missing(const ParameterSpec& parameter, const Levels& levels);

  const ParseContext& context_;
  const Recipe& recipe_;
  ModelNames names_;
  std::set<std::string> left_to_search_;
};

}  // namespace stockpot::recipe
