#pragma once

#include <optional>
#include <string>

#include "recipe/module_reader.hpp"
#include "recipe/parse_context.hpp"

namespace stockpot::recipe {

/// Reads the top level of a recipe into `recipe` but its text and digest.
class RecipeReader {
 public:
  RecipeReader(Cursor root, const Schema& schema, Findings& findings, Recipe& recipe);
  void read();

 private:
  void read_method();
  void read_dtypes();
  std::optional<DType> read_dtype(const std::string& key);
  void read_tokenizer();
  void read_choices();
  void read_tensor_rules(const ModelNames* names);
  void refuse_later_keys();
  void check_base_name(const ModelNames& names);

  MappingReader reader_;
  Findings& findings_;
  Recipe& recipe_;
  ParseContext context_;
  std::optional<Cursor> base_at_;
};

}  // namespace stockpot::recipe
