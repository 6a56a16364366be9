#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stockpot/tensor/shape.hpp"

namespace stockpot::io {

/// A scalar, vector or matrix of doubles, row by row.
struct NamedNumbers {
  std::string name;
  Shape shape;
  std::vector<double> values;
};

/// What was measured of one tensor, layer or model.
struct GeometryItem {
  std::string kind;  ///< "tensor", "layer" or "model"
  std::string name;
  std::uint64_t elements = 0;
  std::vector<NamedNumbers> numbers;
};

/// Whose geometry it is.
struct GeometryModels {
  std::vector<std::string> models;
  std::optional<std::string> base_model;
};

/// Writes an HDF5 file of geometry beside its target: the group /KIND/NAME for every item, `%` in names
/// written `%25` and `/` written `%2F`, with the dataset `elements` and one for each of its numbers; root
/// attributes format_version = 1, models, and base_model if there is one. Little-endian, no time stamps:
/// equal content, equal bytes. Errors are Error{system_io}. Until `commit` the target is untouched; without
/// it nothing remains.
class GeometryFileWriter {
 public:
  /// Throws Error{usage} if a folder stands at `path`.
  GeometryFileWriter(const std::filesystem::path& path, const GeometryModels& models);
  GeometryFileWriter(const GeometryFileWriter&) = delete;
  GeometryFileWriter& operator=(const GeometryFileWriter&) = delete;
  ~GeometryFileWriter();

  void add(const GeometryItem& item);
  /// Closes the file and renames it over the target, an earlier file there included; synced if `durable`.
  void commit(bool durable);

 private:
  struct Open;
  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  std::unique_ptr<Open> open_;
};

}  // namespace stockpot::io
