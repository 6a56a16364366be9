#include "hdf5_elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "hdf5_tree.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/tensor/convert.hpp"

namespace stockpot::io {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

std::size_t size_of(const StoredDataset& dataset) {
  return static_cast<std::size_t>(bytes(dataset.dtype));
}

/// Whole leading rows [first, first + count), in the stored type.
std::vector<std::byte> read_rows_through_library(const File& file, const StoredDataset& dataset,
                                                 std::uint64_t first, std::uint64_t count,
                                                 std::uint64_t row_elements) {
  const Hdf5Tree tree(file.path());
  const Hdf5Check& check = tree.check();
  const Hdf5Handle opened = tree.open_path(dataset.object);
  if (H5Iget_type(opened.get()) != H5I_DATASET) check.refuse("is no dataset any more", dataset.object);
  const StoredDataset now = tree.describe(opened.get(), dataset.object);
  if (now.dtype != dataset.dtype || now.shape != dataset.shape) {
    check.refuse("changed while it was read", dataset.object);
  }
  std::vector<std::byte> raw(static_cast<std::size_t>(count * row_elements) * size_of(dataset));
  const Hdf5Handle type = check.own(H5Dget_type(opened.get()), "read the type", dataset.object);
  const Hdf5Handle space = check.own(H5Dget_space(opened.get()), "read the shape", dataset.object);
  std::vector<hsize_t> start(dataset.shape.size(), 0);
  std::vector<hsize_t> extent(dataset.shape.begin(), dataset.shape.end());
  if (!extent.empty()) {
    start.front() = first;
    extent.front() = count;
    check.value(
        H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr),
        "select rows", dataset.object);
  }
  const hsize_t elements = count * row_elements;
  const Hdf5Handle memory =
      check.own(H5Screate_simple(1, &elements, nullptr), "create a dataspace", dataset.object);
  check.value(H5Dread(opened.get(), type.get(), memory.get(), space.get(), H5P_DEFAULT, raw.data()), "read",
              dataset.object);
  return raw;
}

/// The stored bytes of a range.
std::vector<std::byte> read_through_library(const File& file, const StoredDataset& dataset,
                                            std::uint64_t first, std::uint64_t count) {
  if (count == 0) return {};
  const std::uint64_t row_elements =
      dataset.shape.empty() ? 1 : dataset.elements / dataset.shape.front();  // count > 0: no zero dimension
  const std::uint64_t first_row = first / row_elements;
  const std::uint64_t end_row = (first + count + row_elements - 1) / row_elements;
  std::vector<std::byte> raw =
      read_rows_through_library(file, dataset, first_row, end_row - first_row, row_elements);
  const auto skipped = static_cast<std::ptrdiff_t>((first - first_row * row_elements) * size_of(dataset));
  raw.erase(raw.begin(), raw.begin() + skipped);
  raw.resize(static_cast<std::size_t>(count) * size_of(dataset));
  return raw;
}

void to_doubles(DType dtype, std::span<const std::byte> raw, std::span<double> values) {
  if (dtype == DType::f64) {
    std::memcpy(values.data(), raw.data(), raw.size());
  } else if (dtype == DType::f32) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      float value = 0;
      std::memcpy(&value, raw.data() + i * sizeof value, sizeof value);
      values[i] = static_cast<double>(value);
    }
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = load_as_double(dtype, raw.data(), i);
  }
}

/// Calls `take(raw bytes, position in the range)` for consecutive pieces of a range.
template <typename Take>
void for_each_piece(const File& file, const StoredDataset& dataset, std::uint64_t first, std::uint64_t count,
                    const Take& take) {
  if (!dataset.offset) {
    const std::vector<std::byte> raw = read_through_library(file, dataset, first, count);
    take(std::span<const std::byte>(raw), std::uint64_t{0});
    return;
  }
  const std::uint64_t most = piece_bytes / size_of(dataset);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min(most, count)) * size_of(dataset));
  for (std::uint64_t done = 0; done < count; done += most) {
    const std::uint64_t here = std::min(most, count - done);
    const std::span<std::byte> part(buffer.data(), static_cast<std::size_t>(here) * size_of(dataset));
    file.read_exact(*dataset.offset + (first + done) * size_of(dataset), part);
    take(std::span<const std::byte>(part), done);
  }
}

bool is_one(std::span<const std::byte> element, bool& is_flag) {
  const bool rest_is_zero =
      std::all_of(element.begin() + 1, element.end(), [](std::byte b) { return b == std::byte{0}; });
  is_flag = rest_is_zero && element.front() <= std::byte{1};
  return element.front() == std::byte{1};
}

}  // namespace

void refuse_object(const File& file, const StoredDataset& dataset, const std::string& message) {
  Hdf5Check(ExitCode::input, file.path(), Hdf5Names::objects).refuse(message, dataset.object);
}

void read_elements(const File& file, const StoredDataset& dataset, std::uint64_t first,
                   std::span<double> values) {
  if (values.empty()) return;
  if (dataset.offset && dataset.dtype == DType::f64) {
    file.read_exact(*dataset.offset + first * sizeof(double), std::as_writable_bytes(values));
    return;
  }
  for_each_piece(file, dataset, first, values.size(), [&](std::span<const std::byte> raw, std::uint64_t at) {
    to_doubles(dataset.dtype, raw,
               values.subspan(static_cast<std::size_t>(at), raw.size() / size_of(dataset)));
  });
}

void read_rectangle(const File& file, const StoredDataset& dataset, std::uint64_t first_row,
                    std::uint64_t first_column, std::uint64_t columns, std::span<double> values) {
  const std::uint64_t width = dataset.shape.back();
  if (columns == width) {
    read_elements(file, dataset, first_row * width, values);
    return;
  }
  for (std::uint64_t row = first_row; !values.empty(); ++row) {
    read_elements(file, dataset, row * width + first_column, values.first(static_cast<std::size_t>(columns)));
    values = values.subspan(static_cast<std::size_t>(columns));
  }
}

std::vector<std::uint8_t> read_flags(const File& file, const StoredDataset& dataset, std::uint64_t first,
                                     std::uint64_t count) {
  std::vector<std::uint8_t> flags;
  flags.reserve(static_cast<std::size_t>(count));
  for_each_piece(file, dataset, first, count, [&](std::span<const std::byte> raw, std::uint64_t) {
    for (; !raw.empty(); raw = raw.subspan(size_of(dataset))) {
      bool is_flag = false;
      const bool one = is_one(raw.first(size_of(dataset)), is_flag);
      if (!is_flag) {
        refuse_object(file, dataset, fmt::format("value {} is neither 0 nor 1", first + flags.size()));
      }
      flags.push_back(one ? 1 : 0);
    }
  });
  return flags;
}

}  // namespace stockpot::io
