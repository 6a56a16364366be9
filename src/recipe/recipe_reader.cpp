#include "recipe/recipe_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "recipe/method_names.hpp"
#include "recipe/name_rules.hpp"
#include "recipe/read_search.hpp"
#include "recipe/read_sparsify.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::recipe {
namespace {

template <typename Value, std::size_t n>
using Choices = std::array<std::pair<std::string_view, Value>, n>;

constexpr Choices<Semantics, 2> semantics_words{
    {{"mergekit", Semantics::mergekit}, {"paper", Semantics::paper}}};
constexpr Choices<VocabularyPolicy, 3> vocabulary_words{{{"error", VocabularyPolicy::error},
                                                         {"common", VocabularyPolicy::common},
                                                         {"pad", VocabularyPolicy::pad}}};

bool has_trajectory(const Recipe& recipe) {
  return std::any_of(recipe.modules.begin(), recipe.modules.end(),
                     [](const Module& m) { return m.trajectory.has_value(); });
}

}  // namespace

RecipeReader::RecipeReader(Cursor root, const Schema& schema, Findings& findings, Recipe& recipe)
    : reader_(std::move(root), findings),
      findings_(findings),
      recipe_(recipe),
      context_{findings, schema, nullptr} {}

void RecipeReader::read() {
  if (!reader_.is_mapping()) return;
  read_method();
  read_choices();
  base_at_ = reader_.take("base_model");
  if (base_at_) recipe_.base_model = read_reference(*base_at_, findings_);
  if (const auto parameters = reader_.take("parameters")) {
    recipe_.parameters = read_parameters(*parameters, Level::shared, context_);
  }
  recipe_.search = read_search(reader_, context_);
  if (recipe_.search) context_.searched = searched_parameters(*recipe_.search, reader_.at());
  recipe_.evaluate = read_evaluate(reader_, findings_);
  ModuleReader modules(context_, recipe_);
  recipe_.modules = modules.read(reader_);
  recipe_.searched_parameters = modules.left_to_search();
  check_search(reader_.at(), recipe_, context_);
  check_base_name(modules.names());
  if (recipe_.base_model) modules.names().add_reference(*recipe_.base_model);
  recipe_.sparsify = read_sparsify(reader_, recipe_.base_model.has_value(), findings_);
  read_dtypes();
  read_tokenizer();
  read_tensor_rules(has_trajectory(recipe_) ? nullptr : &modules.names());
  refuse_later_keys();
  reader_.ignore("name");
  std::vector<Hint> hints = context_.parameter_hints();
  hints.push_back({"sources", "write `slices: [{sources: [...]}]`"});
  hints.push_back({"model", "write `models: [{model: ...}]`"});
  hints.push_back(
      {"layer_range", "layer ranges stand in `slices: [{sources: [{model: ..., layer_range: ...}]}]`"});
  reader_.finish(hints);
}

void RecipeReader::read_method() {
  const std::optional<Cursor> method = reader_.take("merge_method");
  if (!method) {
    const auto& entries = reader_.at().node->entries;
    const bool is_no_merge = std::any_of(entries.begin(), entries.end(), [](const YamlEntry& e) {
      return e.key == "prune" || e.key == "repair";
    });
    if (!is_no_merge) findings_.error(reader_.at(), "'merge_method' is missing");
    return;
  }
  const std::optional<std::string> name = read_text(*method, findings_);
  if (!name) return;
  recipe_.method = *name;
  context_.method = find_method(context_.schema, *name);
  if (context_.method == nullptr) report_method(*method, *name, context_.schema, findings_);
}

void RecipeReader::check_base_name(const ModelNames& names) {
  if (!recipe_.base_model) {
    if (base_at_ || context_.method == nullptr || !context_.method->needs_base_model) return;
    const bool on_slices =
        recipe_.has_slices() &&
        std::all_of(recipe_.modules.begin(), recipe_.modules.end(), [](const Module& module) {
          return !module.slices.empty() &&
                 std::all_of(module.slices.begin(), module.slices.end(),
                             [](const Slice& s) { return s.base_model.has_value(); });
        });
    if (!on_slices) {
      findings_.error(reader_.at(), context_.method->name + " needs a base_model",
                      "write `base_model: REFERENCE`");
    }
    return;
  }
  const ModelReference* named = names.find_name(recipe_.base_model->text);
  if (named != nullptr && !same_model(*named, *recipe_.base_model)) {
    findings_.error(
        *base_at_,
        quote(recipe_.base_model->text) + " is the `name:` of a model; base_model takes a reference",
        "write `base_model: " + named->text + "`");
  }
}

std::optional<DType> RecipeReader::read_dtype(const std::string& key) {
  static const std::vector<std::string> names{"bfloat16", "float16", "float32", "float64"};
  const std::optional<Cursor> at = reader_.take(key);
  if (!at) return std::nullopt;
  const std::optional<std::string> text = read_text(*at, findings_);
  if (!text) return std::nullopt;
  const std::optional<DType> dtype = dtype_from_recipe(*text);
  if (!dtype) {
    report_choice(*at, *text, names, findings_);
  } else if (!is_output(*dtype)) {
    findings_.error(*at,
                    quote(*text) + " is not a type that a merge writes: bfloat16, float16, float32, float64");
  }
  return dtype;
}

void RecipeReader::read_dtypes() {
  recipe_.dtype = read_dtype("dtype");
  recipe_.out_dtype = read_dtype("out_dtype");
}

void RecipeReader::read_tokenizer() {
  reader_.refuse(
      "tokenizer", "tokenizer blocks are not supported in this version",
      "write `vocabulary: common` or `vocabulary: pad` for models whose vocabularies differ in size, "
      "`keep_from: MODEL` with `exclude:` to keep one model's embeddings, and `tokenizer_source: REFERENCE` "
      "to pick the tokenizer");
  if (const auto template_text = reader_.take("chat_template")) {
    recipe_.chat_template = read_text(*template_text, findings_);
  }
  const std::optional<Cursor> source = reader_.take("tokenizer_source");
  if (!source) return;
  if (source->is(YamlNode::Kind::scalar) && source->node->text == "union") {
    findings_.error(
        *source, "a union of tokenizers is not supported in this version",
        "write `tokenizer_source: base` or a model's reference, and `vocabulary: pad` to keep the rows "
        "of every model or `keep_from: MODEL` with `exclude:` to keep one model's");
  } else if (const auto reference = read_reference(*source, findings_)) {
    recipe_.tokenizer_source = reference->text;
  }
}

void RecipeReader::read_choices() {
  if (const auto at = reader_.take("semantics")) {
    recipe_.semantics = read_choice<Semantics>(*at, semantics_words, findings_).value_or(Semantics::mergekit);
  }
  if (const auto at = reader_.take("scope")) recipe_.scope = read_choice<Scope>(*at, scope_words, findings_);
  if (const auto at = reader_.take("vocabulary")) {
    recipe_.vocabulary =
        read_choice<VocabularyPolicy>(*at, vocabulary_words, findings_).value_or(VocabularyPolicy::error);
  }
}

void RecipeReader::read_tensor_rules(const ModelNames* names) {
  if (const auto at = reader_.take("include")) recipe_.include = read_regexes(*at, findings_);
  if (const auto at = reader_.take("exclude")) recipe_.exclude = read_regexes(*at, findings_);
  if (const auto at = reader_.take("names")) recipe_.names = read_name_rules(*at, names, findings_);
  const std::optional<Cursor> keep_from = reader_.take("keep_from");
  if (!keep_from) return;
  recipe_.keep_from = read_text(*keep_from, findings_);
  if (recipe_.keep_from && names != nullptr) names->require(*keep_from, *recipe_.keep_from, findings_);
}

void RecipeReader::refuse_later_keys() {
  const auto& entries = reader_.at().node->entries;
  const bool is_no_mask = std::any_of(entries.begin(), entries.end(), [](const YamlEntry& e) {
    return e.key == "mask" && e.value->kind == YamlNode::Kind::scalar && e.value->text == "none";
  });
  if (is_no_mask) {
    reader_.take("mask");
  } else {
    reader_.refuse("mask", "masks other than `none` are not available in this version");
  }
  for (const char* key : {"statistics", "prune", "repair"}) {
    reader_.refuse(key, fmt::format("'{}' is not available in this version", key));
  }
}

}  // namespace stockpot::recipe
