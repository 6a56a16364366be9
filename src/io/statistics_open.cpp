#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdf5_fields.hpp"
#include "hdf5_tree.hpp"
#include "stockpot/io/statistics_file.hpp"

namespace stockpot::io {
namespace {

/// Rows of a packed lower triangle of so many elements; nullopt if there is no such triangle.
std::optional<std::uint64_t> triangle_rows(std::uint64_t elements) {
  constexpr std::uint64_t most_rows = std::uint64_t{1} << 32;
  const auto guess = static_cast<std::uint64_t>(std::sqrt(2.0 * static_cast<double>(elements)));
  for (std::uint64_t rows = guess - std::min<std::uint64_t>(guess, 2); rows <= guess && rows < most_rows;
       ++rows) {
    if (triangle_elements(rows) == elements) return rows;
  }
  return std::nullopt;
}

bool is_gram(StatisticKind kind) {
  return kind == StatisticKind::gram || kind == StatisticKind::gram_output;
}

}  // namespace

const std::vector<std::string>& statistic_kind_names() {
  static const std::vector<std::string> names{"fisher", "gram", "gram_output", "fisher_block"};
  return names;
}

const std::string& name(StatisticKind kind) {
  return statistic_kind_names().at(static_cast<std::size_t>(kind));
}

/// Opens one file. The library's handles live as long as this object.
class StatisticsOpener {
 public:
  explicit StatisticsOpener(const std::filesystem::path& path)
      : file_(File::open_to_read(path)), tree_(path), check_(tree_.check()) {}

  StatisticsFile open() {
    read_header();
    require_known_groups(tree_, statistic_kind_names(), {});
    for (std::size_t kind = 0; kind < statistic_kind_names().size(); ++kind) {
      for (const Hdf5Entry& entry : tree_.datasets_in(statistic_kind_names()[kind])) {
        file_.statistics_.push_back(statistic(static_cast<StatisticKind>(kind), entry));
      }
    }
    return std::move(file_);
  }

 private:
  void read_header() {
    const Hdf5Fields root(tree_, tree_.root(), "/",
                          {"format_version", "model_digest", "examples", "tokens", "labels"});
    root.require_format_version();
    const std::optional<Digest> digest = root.digest("model_digest");
    if (!digest) check_.refuse("attribute 'model_digest' is missing", "/");
    file_.header_.model_digest = *digest;
    file_.header_.examples = root.number("examples");
    file_.header_.tokens = root.number("tokens");
    file_.header_.labels = static_cast<Labels>(root.word("labels", labels_names(), 0));
  }

  Statistic statistic(StatisticKind kind, const Hdf5Entry& entry) const {
    Statistic statistic;
    statistic.kind = kind;
    statistic.name = entry.name;
    tree_.require_contiguous(entry.dataset.get(), entry.object);
    statistic.data = tree_.describe(entry.dataset.get(), entry.object);
    const DType dtype = statistic.data.dtype;
    if (dtype != DType::f32 && dtype != DType::f64) {
      check_.refuse(fmt::format("has type {}; statistics are F32 or F64", stockpot::name(dtype)),
                    entry.object);
    }
    const Hdf5Fields fields(tree_, entry.dataset.get(), entry.object,
                            {"tokens", "examples", "layout", "weight_layout"});
    statistic.count = is_gram(kind) ? fields.number("tokens") : fields.number("examples");
    if (!statistic.count) statistic.count = is_gram(kind) ? file_.header_.tokens : file_.header_.examples;
    if (kind == StatisticKind::fisher) return statistic;
    statistic.layout = static_cast<TriangleLayout>(fields.word("layout", triangle_layout_names(), 0));
    statistic.weight_layout =
        static_cast<WeightLayout>(fields.word("weight_layout", weight_layout_names(), 0));
    statistic.dimension = dimension_of(statistic);
    return statistic;
  }

  std::uint64_t dimension_of(const Statistic& matrix) const {
    const Shape& shape = matrix.data.shape;
    if (matrix.layout == TriangleLayout::full) {
      if (shape.size() != 2 || shape[0] != shape[1]) {
        check_.refuse(fmt::format("has shape {}, which is no square (layout 'full'{})", to_string(shape),
                                  shape.size() == 1 ? "; a packed triangle says layout 'lower'" : ""),
                      matrix.data.object);
      }
      return shape.front();
    }
    const std::optional<std::uint64_t> rows = shape.size() == 1 ? triangle_rows(shape.front()) : std::nullopt;
    if (!rows) {
      check_.refuse(
          fmt::format("has shape {}, which is no packed triangle of d(d+1)/2 elements (layout 'lower')",
                      to_string(shape)),
          matrix.data.object);
    }
    return *rows;
  }

  StatisticsFile file_;
  Hdf5Tree tree_;
  const Hdf5Check& check_;
};

StatisticsFile StatisticsFile::open(const std::filesystem::path& path) {
  return StatisticsOpener(path).open();
}

}  // namespace stockpot::io
