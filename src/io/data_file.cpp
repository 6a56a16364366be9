#include "stockpot/io/data_file.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "hdf5_handle.hpp"
#include "hdf5_types.hpp"
#include "stockpot/base/text.hpp"
#include "stockpot/io/file.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/tensor/convert.hpp"
#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {
namespace {

const std::array<std::string, 2> object_names{"x", "y"};
constexpr std::size_t block_bytes = std::size_t{1} << 20;  ///< of inputs held as stored

struct Dataset {
  std::string name;
  Hdf5Handle handle;
  DType dtype = DType::f64;
  Shape shape;
};

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->emplace_back(name);
  return 0;
}

/// The handles of one file; opened and closed while the library is held.
struct OpenFile {
  Hdf5Handle file;
  Dataset inputs;
  Dataset labels;
};

/// Opens and checks. What is wrong is the input's fault: Error{input}.
class Opener {
 public:
  explicit Opener(const std::filesystem::path& path) : check_(ExitCode::input, path) {
    file_ = check_.own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "open this file");
  }

  OpenFile open() {
    check_names();
    Dataset inputs = open_dataset("x");
    Dataset labels = open_dataset("y");
    check_types(inputs, labels);
    check_shapes(inputs, labels);
    return {.file = std::move(file_), .inputs = std::move(inputs), .labels = std::move(labels)};
  }

 private:
  void check_names() const {
    std::vector<std::string> names;
    hsize_t position = 0;
    check_.value(H5Literate(file_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_name, &names),
                 "list the root group");
    for (const std::string& name : names) {
      if (std::find(object_names.begin(), object_names.end(), name) != object_names.end()) continue;
      const std::optional<std::string> meant = nearest(name, object_names);
      check_.refuse("a data file holds /x and /y only" + (meant ? "; did you mean '" + *meant + "'?" : ""),
                    "/" + name);
    }
  }

  Dataset open_dataset(const std::string& name) const {
    const std::string path = "/" + name;
    H5L_info_t link{};
    if (check_.value(H5Lexists(file_.get(), name.c_str(), H5P_DEFAULT), "look for the object", path) == 0) {
      check_.refuse("is missing: a data file holds /x [examples, values] and /y [examples]", path);
    }
    check_.value(H5Lget_info(file_.get(), name.c_str(), &link, H5P_DEFAULT), "look at the link", path);
    if (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT) {
      check_.refuse("is a link that leaves the file: refused", path);
    }
    Dataset dataset{.name = path, .handle = {}, .dtype = DType::f64, .shape = {}};
    dataset.handle = check_.own(H5Oopen(file_.get(), name.c_str(), H5P_DEFAULT), "open the object", path);
    const hid_t object = dataset.handle.get();
    if (H5Iget_type(object) != H5I_DATASET) check_.refuse("is no dataset", path);
    check_place(object, path);
    const Hdf5Handle type = check_.own(H5Dget_type(object), "read the type", path);
    const std::optional<DType> dtype = dtype_of(type.get());
    if (!dtype) check_.refuse("has a type that can't be read, or is big-endian", path);
    dataset.dtype = *dtype;
    const Hdf5Handle space = check_.own(H5Dget_space(object), "read the shape", path);
    if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) check_.refuse("has a null dataspace", path);
    const int rank = check_.value(H5Sget_simple_extent_ndims(space.get()), "read the shape", path);
    std::array<hsize_t, H5S_MAX_RANK> sizes{};
    check_.value(H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr), "read the shape", path);
    dataset.shape.assign(sizes.begin(), sizes.begin() + rank);
    return dataset;
  }

  /// Data in other files, which nothing checks, are refused.
  void check_place(hid_t object, const std::string& name) const {
    H5O_info_t root{};
    H5O_info_t info{};
    check_.value(H5Oget_info2(file_.get(), &root, H5O_INFO_BASIC), "look at the file");
    check_.value(H5Oget_info2(object, &info, H5O_INFO_BASIC), "look at the object", name);
    const Hdf5Handle creation = check_.own(H5Dget_create_plist(object), "read the layout", name);
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    const bool elsewhere = info.fileno != root.fileno || layout == H5D_VIRTUAL ||
                           (layout == H5D_CONTIGUOUS &&
                            check_.value(H5Pget_external_count(creation.get()), "read the layout", name) > 0);
    if (elsewhere) check_.refuse("keeps its data in another file: refused", name);
  }

  void check_types(const Dataset& inputs, const Dataset& labels) const {
    const DType x = inputs.dtype;
    if (x != DType::f16 && x != DType::f32 && x != DType::f64) {
      check_.refuse(fmt::format("has type {}: F16, F32 or F64 is read", stockpot::name(x)), inputs.name);
    }
    if (!is_integer(labels.dtype) || labels.dtype == DType::boolean) {
      check_.refuse(fmt::format("has type {}: labels are integers", stockpot::name(labels.dtype)),
                    labels.name);
    }
  }

  void check_shapes(const Dataset& inputs, const Dataset& labels) const {
    if (inputs.shape.size() != 2) {
      check_.refuse("has shape " + to_string(inputs.shape) + ", not [examples, values]", inputs.name);
    }
    if (labels.shape.size() != 1) {
      check_.refuse("has shape " + to_string(labels.shape) + ", not [examples]", labels.name);
    }
    if (inputs.shape[1] == 0) check_.refuse("has examples of no values", inputs.name);
    if (inputs.shape[0] != labels.shape[0]) {
      check_.refuse(fmt::format("has {} labels, but /x has {} examples", labels.shape[0], inputs.shape[0]),
                    labels.name);
    }
    if (!tensor_bytes(DType::f64, inputs.shape)) check_.refuse("has a size that overflows", inputs.name);
  }

  Hdf5Check check_;
  Hdf5Handle file_;
};

OpenFile open_data_file(const std::filesystem::path& path) {
  std::ignore = File::open_to_read(path);  // a missing file in the words of the system
  const Hdf5Session session;
  return Opener(path).open();
}

}  // namespace

class DataFile::Implementation {
 public:
  explicit Implementation(const std::filesystem::path& path)
      : path_(path), check_(ExitCode::input, path), open_(open_data_file(path)) {}
  ~Implementation() {
    const Hdf5Session session;
    open_ = {};
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint64_t examples() const { return open_.inputs.shape[0]; }
  [[nodiscard]] std::uint64_t input_elements() const { return open_.inputs.shape[1]; }

  void read(std::uint64_t first, std::span<double> inputs, std::span<std::int64_t> labels) const {
    const std::uint64_t count = labels.size();
    if (first > examples() || count > examples() - first) {
      throw std::out_of_range("DataFile::read: no such examples");
    }
    if (inputs.size() / input_elements() != count || inputs.size() % input_elements() != 0) {
      throw std::invalid_argument("DataFile::read: inputs of another size");
    }
    const std::uint64_t example_bytes =
        input_elements() * static_cast<std::uint64_t>(bytes(open_.inputs.dtype));
    const std::uint64_t step = std::max<std::uint64_t>(1, block_bytes / example_bytes);
    for (std::uint64_t done = 0; done < count; done += step) {
      const std::uint64_t part = std::min(step, count - done);
      read_inputs(first + done, part, inputs.subspan(done * input_elements(), part * input_elements()));
    }
    read_labels(first, labels);
  }

 private:
  /// Rows [first, first + count) of a dataset, as elements of the type `memory`.
  void read_rows(const Dataset& dataset, std::uint64_t first, std::uint64_t count, hid_t memory,
                 void* out) const {
    const Hdf5Handle space = check_.own(H5Dget_space(dataset.handle.get()), "read the shape", dataset.name);
    const std::array<hsize_t, 2> start{first, 0};
    const std::array<hsize_t, 2> size{count, dataset.shape.back()};
    const int rank = static_cast<int>(dataset.shape.size());
    check_.value(
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
        "select examples", dataset.name);
    const Hdf5Handle room =
        check_.own(H5Screate_simple(rank, size.data(), nullptr), "select examples", dataset.name);
    check_.value(H5Dread(dataset.handle.get(), memory, room.get(), space.get(), H5P_DEFAULT, out),
                 "read examples", dataset.name);
  }

  void read_inputs(std::uint64_t first, std::uint64_t count, std::span<double> out) const {
    std::vector<std::byte> stored(out.size() * static_cast<std::size_t>(bytes(open_.inputs.dtype)));
    {
      const Hdf5Session session;
      const Hdf5Handle type =
          check_.own(H5Dget_type(open_.inputs.handle.get()), "read the type", open_.inputs.name);
      read_rows(open_.inputs, first, count, type.get(), stored.data());
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = load_as_double(open_.inputs.dtype, stored.data(), i);
      if (!std::isfinite(out[i])) {
        check_.refuse(fmt::format("example {} holds {}", first + i / input_elements(),
                                  std::isnan(out[i]) ? "NaN" : "an infinity"),
                      open_.inputs.name);
      }
    }
  }

  void read_labels(std::uint64_t first, std::span<std::int64_t> out) const {
    if (!out.empty()) {
      const Hdf5Session session;
      // What does not fit becomes the largest number, a label that no model has.
      read_rows(open_.labels, first, out.size(), H5T_NATIVE_INT64, out.data());
    }
    const auto negative = std::find_if(out.begin(), out.end(), [](std::int64_t label) { return label < 0; });
    if (negative == out.end()) return;
    const auto at = static_cast<std::uint64_t>(negative - out.begin());
    check_.refuse(fmt::format("label {} of example {} is negative", *negative, first + at),
                  open_.labels.name);
  }

  std::filesystem::path path_;
  Hdf5Check check_;
  OpenFile open_;
};

DataFile::DataFile(const std::filesystem::path& path)
    : implementation_(std::make_unique<Implementation>(path)) {}
DataFile::~DataFile() = default;
DataFile::DataFile(DataFile&&) noexcept = default;
DataFile& DataFile::operator=(DataFile&&) noexcept = default;

const std::filesystem::path& DataFile::path() const {
  return implementation_->path();
}
std::uint64_t DataFile::examples() const {
  return implementation_->examples();
}
std::uint64_t DataFile::input_elements() const {
  return implementation_->input_elements();
}
void DataFile::read(std::uint64_t first, std::span<double> inputs, std::span<std::int64_t> labels) const {
  implementation_->read(first, inputs, labels);
}

}  // namespace stockpot::io
