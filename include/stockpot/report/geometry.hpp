#pragma once

#include <map>
#include <string>

#include "stockpot/io/geometry_file.hpp"

namespace stockpot::report {

/// Geometry as one JSON document, {"models": [...], "base_model": ..., "tensor": {NAME: {...}}, "layer": ...,
/// "model": ...}, made item by item and held as text: about 20 bytes a number. Numbers that are not finite
/// are null. Local.
class GeometryJson {
 public:
  void add(const io::GeometryItem& item);
  /// The document, with a line feed at its end.
  [[nodiscard]] std::string text(const io::GeometryModels& models) const;

 private:
  std::map<std::string, std::string> members_;  ///< text of the items of each kind
};

/// The numbers of one item that belong to single models, a line for each. Local.
std::string geometry_text(const io::GeometryItem& item, const io::GeometryModels& models);

}  // namespace stockpot::report
