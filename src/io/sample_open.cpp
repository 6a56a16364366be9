#include <fmt/format.h>

#include <algorithm>

#include "hdf5_fields.hpp"
#include "hdf5_tree.hpp"
#include "stockpot/io/sample_file.hpp"

namespace stockpot::io {
namespace {

const std::string default_mask = "/attention_mask";
const std::vector<std::string> known_groups{"inputs", "output_gradients", "gradients", "probabilities",
                                            "attention_mask"};
constexpr std::size_t tokens_rank = 2;
constexpr std::size_t examples_rank = 3;

/// The first name of a path from the root.
std::string first_component(const std::string& path) {
  const std::size_t begin = std::min(path.find_first_not_of('/'), path.size());
  return path.substr(begin, path.find('/', begin) - begin);
}

bool is_sample_float(DType dtype) {
  return dtype == DType::f16 || dtype == DType::f32 || dtype == DType::f64;
}

}  // namespace

/// Opens one file. The library's handles live as long as this object.
class SampleOpener {
 public:
  explicit SampleOpener(const std::filesystem::path& path)
      : file_(File::open_to_read(path)), tree_(path), check_(tree_.check()) {}

  SampleFile open() {
    const Hdf5Fields root(tree_, tree_.root(), "/", {"format_version", "labels", "model_digest", "examples"});
    root.require_format_version();
    file_.labels_ =
        static_cast<Labels>(root.word("labels", labels_names(), static_cast<std::size_t>(Labels::none)));
    file_.model_digest_ = root.digest("model_digest");
    declared_examples_ = root.number("examples");
    if (declared_examples_) agreed_.emplace(*declared_examples_, "the attribute 'examples'");
    has_default_mask_ = H5Lexists(tree_.root(), default_mask.c_str(), H5P_DEFAULT) > 0;
    file_.inputs_ = rows_in("inputs", {"mask", "weight_layout"});
    file_.output_gradients_ = rows_in("output_gradients", {"mask"});
    open_probabilities();
    for (const Hdf5Entry& entry : tree_.datasets_in("gradients")) {
      file_.gradients_.push_back(gradients(entry));
    }
    require_known_groups(tree_, known_groups, mask_roots_);
    require_content(root);
    file_.examples_ = agreed_->examples;  // what there is has agreed on it
    return std::move(file_);
  }

 private:
  StoredDataset describe_floats(hid_t dataset, const std::string& object) const {
    StoredDataset stored = tree_.describe(dataset, object);
    if (!is_sample_float(stored.dtype)) {
      check_.refuse(fmt::format("has type {}; floats are F16, F32 or F64", name(stored.dtype)), object);
    }
    return stored;
  }

  /// The first dataset that says how many examples there are is who the others are held against.
  void agree_on_examples(std::uint64_t examples, const std::string& object) {
    if (!agreed_) agreed_.emplace(examples, object);
    if (agreed_->examples == examples) return;
    check_.refuse(
        fmt::format("has {} examples, but {} says {}", examples, agreed_->source, agreed_->examples), object);
  }

  std::vector<SampleRows> rows_in(const std::string& group, const std::vector<std::string>& attributes) {
    std::vector<SampleRows> found;
    for (const Hdf5Entry& entry : tree_.datasets_in(group)) found.push_back(rows(entry, attributes));
    return found;
  }

  SampleRows rows(const Hdf5Entry& entry, const std::vector<std::string>& attributes) {
    SampleRows rows;
    rows.module = entry.name;
    rows.data = describe_floats(entry.dataset.get(), entry.object);
    const Shape& shape = rows.data.shape;
    if (shape.size() != tokens_rank && shape.size() != examples_rank) {
      check_.refuse(fmt::format("has shape {}; it is [examples, tokens, features] or [tokens, features]",
                                to_string(shape)),
                    entry.object);
    }
    if (shape.back() == 0) check_.refuse("has tokens without features", entry.object);
    const bool by_example = shape.size() == examples_rank;
    rows.entries = shape.front();
    rows.tokens_per_entry = by_example ? shape[1] : 1;
    rows.width = shape.back();
    if (by_example || !declared_examples_) agree_on_examples(rows.entries, entry.object);
    const Hdf5Fields fields(tree_, entry.dataset.get(), entry.object, attributes);
    rows.weight_layout = static_cast<WeightLayout>(fields.word("weight_layout", weight_layout_names(), 0));
    const std::optional<std::string> named = fields.text("mask");
    if (named || has_default_mask_) rows.mask = mask(named.value_or(default_mask), rows.data);
    return rows;
  }

  StoredDataset mask(const std::string& path, const StoredDataset& masked) {
    const std::string used_by = fmt::format(" (the mask of {})", masked.object);
    if (path.find_first_not_of('/') == std::string::npos) {
      check_.refuse("attribute 'mask' names no dataset", masked.object);
    }
    mask_roots_.push_back(first_component(path));
    const std::string object = (path.front() == '/' ? "" : "/") + path;
    const Hdf5Handle opened = tree_.open_path(object);
    if (H5Iget_type(opened.get()) != H5I_DATASET) check_.refuse("is no dataset" + used_by, object);
    StoredDataset stored = tree_.describe(opened.get(), object);
    if (!is_integer(stored.dtype)) {
      check_.refuse(fmt::format("has type {}; masks are integers{}", name(stored.dtype), used_by), object);
    }
    const Shape expected(masked.shape.begin(), masked.shape.end() - 1);
    if (stored.shape != expected) {
      check_.refuse(fmt::format("has shape {} where {} needs {}", to_string(stored.shape), masked.object,
                                to_string(expected)),
                    object);
    }
    return stored;
  }

  void open_probabilities() {
    constexpr const char* object = "/probabilities";
    if (H5Lexists(tree_.root(), object, H5P_DEFAULT) <= 0) return;
    const Hdf5Handle opened = tree_.open_path(object);
    if (H5Iget_type(opened.get()) != H5I_DATASET) check_.refuse("is no dataset", object);
    file_.probabilities_ = describe_floats(opened.get(), object);
    const Shape& shape = file_.probabilities_->shape;
    if (shape.size() != 2) {
      check_.refuse(fmt::format("has shape {}; it is [examples, classes]", to_string(shape)), object);
    }
    agree_on_examples(shape.front(), object);
  }

  SampleGradients gradients(const Hdf5Entry& entry) {
    SampleGradients gradients;
    gradients.tensor = entry.name;
    gradients.data = describe_floats(entry.dataset.get(), entry.object);
    const Shape& shape = gradients.data.shape;
    const bool exact = file_.labels_ == Labels::exact;
    const std::size_t leading = exact ? 2 : 1;
    if (shape.size() < leading) {
      check_.refuse(fmt::format("has shape {}; it begins with {}", to_string(shape),
                                exact ? "[examples, classes" : "[examples"),
                    entry.object);
    }
    agree_on_examples(shape.front(), entry.object);
    if (exact) {
      if (!file_.probabilities_) {
        check_.refuse("has exact labels, which need /probabilities [examples, classes]", entry.object);
      }
      gradients.classes = shape[1];
      if (gradients.classes != file_.probabilities_->shape[1]) {
        check_.refuse(fmt::format("has {} classes, but /probabilities has {}", gradients.classes,
                                  file_.probabilities_->shape[1]),
                      entry.object);
      }
    }
    gradients.shape.assign(shape.begin() + static_cast<std::ptrdiff_t>(leading), shape.end());
    gradients.elements = element_count(gradients.shape).value_or(0);  // at most those of the dataset, if any
    return gradients;
  }

  void require_content(const Hdf5Fields& root) const {
    const bool has_gradients = !file_.gradients_.empty() || !file_.output_gradients_.empty();
    if (file_.inputs_.empty() && !has_gradients) {
      check_.refuse("holds neither /inputs nor /output_gradients nor /gradients: no sample file");
    }
    if (has_gradients && file_.labels_ == Labels::none) {
      check_.refuse(root.text("labels") ? "attribute 'labels' is empty, but there are gradients"
                                        : "attribute 'labels' is missing, but there are gradients",
                    "/");
    }
  }

  struct Agreed {
    Agreed(std::uint64_t number, std::string who) : examples(number), source(std::move(who)) {}
    std::uint64_t examples;
    std::string source;
  };

  SampleFile file_;
  Hdf5Tree tree_;
  const Hdf5Check& check_;
  std::optional<std::uint64_t> declared_examples_;
  std::optional<Agreed> agreed_;
  bool has_default_mask_ = false;
  std::vector<std::string> mask_roots_;
};

SampleFile SampleFile::open(const std::filesystem::path& path) {
  return SampleOpener(path).open();
}

}  // namespace stockpot::io
