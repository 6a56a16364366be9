#include "stockpot/io/hdf5_kind.hpp"

#include <algorithm>
#include <string>

#include "hdf5_attribute.hpp"
#include "hdf5_fields.hpp"
#include "stockpot/io/statistics_file.hpp"

namespace stockpot::io {
namespace {

const std::vector<std::string> sample_groups{"inputs", "output_gradients", "gradients"};
const std::vector<std::string> geometry_groups{"tensor", "layer", "model"};

bool is_group(const Hdf5Tree& tree, const Hdf5Link& link) {
  if (link.type != H5L_TYPE_HARD) return false;
  H5O_info_t info{};
  return H5Oget_info_by_name2(tree.root(), link.name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
         info.type == H5O_TYPE_GROUP;
}

}  // namespace

Hdf5Kind hdf5_kind(const std::filesystem::path& path) {
  const Hdf5Tree tree(path);
  for (const Hdf5Link& link : tree.links(tree.root(), "")) {
    if (!is_group(tree, link)) continue;
    if (contains(sample_groups, link.name)) return Hdf5Kind::samples;
    if (contains(statistic_kind_names(), link.name)) return Hdf5Kind::statistics;
    if (contains(geometry_groups, link.name)) return Hdf5Kind::geometry;
  }
  // One without any object still says so: the metadata of a state dict are strings.
  const bool is_numbered = has_attribute(tree.root(), "format_version", tree.check()) &&
                           number_attribute(tree.root(), "format_version", tree.check());
  return is_numbered ? Hdf5Kind::statistics : Hdf5Kind::state_dict;
}

std::vector<StoredDataset> read_geometry_listing(const std::filesystem::path& path) {
  const Hdf5Tree tree(path);
  Hdf5Fields(tree, tree.root(), "/", {"format_version"}).require_format_version();
  require_known_groups(tree, geometry_groups, {});
  std::vector<StoredDataset> found;
  for (const std::string& group : geometry_groups) {
    if (H5Lexists(tree.root(), group.c_str(), H5P_DEFAULT) <= 0) continue;
    const std::string group_path = "/" + group;
    const Hdf5Handle items = tree.open_path(group_path);
    if (H5Iget_type(items.get()) != H5I_GROUP) tree.check().refuse("is no group", group_path);
    for (const Hdf5Link& item : tree.links(items.get(), group_path)) {
      for (const Hdf5Entry& entry : tree.datasets_in(group + "/" + item.name)) {
        found.push_back(tree.describe(entry.dataset.get(), entry.object));
      }
    }
  }
  return found;
}

}  // namespace stockpot::io
