#include "hdf5_attribute.hpp"

#include <algorithm>
#include <memory>

#include "stockpot/io/hdf5_state.hpp"

namespace stockpot::io {
namespace {

/// Attributes live in object headers and heaps; a string above this is no metadata of ours.
constexpr std::size_t longest_string_bytes = std::size_t{16} << 20;
constexpr hsize_t most_numbers = 64;

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* data) {
  static_cast<std::vector<std::string>*>(data)->emplace_back(name);
  return 0;
}

std::string read_variable_string(hid_t attribute, hid_t type, const Hdf5Check& check,
                                 const std::string& name) {
  struct Free {
    void operator()(char* text) const noexcept { H5free_memory(text); }
  };
  char* raw = nullptr;
  check.value(H5Aread(attribute, type, &raw), "read attribute " + quote(name));
  const std::unique_ptr<char, Free> text(raw);
  return text ? std::string(text.get()) : std::string();
}

std::string read_fixed_string(hid_t attribute, hid_t type, const Hdf5Check& check, const std::string& name) {
  const std::size_t size = H5Tget_size(type);
  if (size > longest_string_bytes) check.refuse("attribute " + quote(name) + " is too long");
  std::string text(size, '\0');
  check.value(H5Aread(attribute, type, text.data()), "read attribute " + quote(name));
  const bool padded_with_spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  if (padded_with_spaces) {
    text.erase(text.find_last_not_of(' ') + 1);
  } else {
    text.resize(std::min(text.find('\0'), text.size()));
  }
  return text;
}

}  // namespace

std::vector<std::string> attribute_names(hid_t object, const Hdf5Check& check) {
  std::vector<std::string> names;
  hsize_t position = 0;
  check.value(H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &position, collect_name, &names),
              "list the attributes");
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> string_attribute(hid_t object, const std::string& name, const Hdf5Check& check) {
  const std::string what = "attribute " + quote(name);
  const Hdf5Handle attribute = check.own(H5Aopen(object, name.c_str(), H5P_DEFAULT), "open " + what);
  const Hdf5Handle type = check.own(H5Aget_type(attribute.get()), "read the type of " + what);
  const Hdf5Handle space = check.own(H5Aget_space(attribute.get()), "read the shape of " + what);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Sget_simple_extent_type(space.get()) != H5S_SCALAR) {
    return std::nullopt;
  }
  return check.value(H5Tis_variable_str(type.get()), "read the type of " + what) > 0
             ? read_variable_string(attribute.get(), type.get(), check, name)
             : read_fixed_string(attribute.get(), type.get(), check, name);
}

std::optional<std::vector<std::uint64_t>> numbers_attribute(hid_t object, const std::string& name,
                                                            const Hdf5Check& check) {
  const std::string what = "attribute " + quote(name);
  if (check.value(H5Aexists(object, name.c_str()), "look for " + what) == 0) return std::nullopt;
  const Hdf5Handle attribute = check.own(H5Aopen(object, name.c_str(), H5P_DEFAULT), "open " + what);
  const Hdf5Handle type = check.own(H5Aget_type(attribute.get()), "read the type of " + what);
  const Hdf5Handle space = check.own(H5Aget_space(attribute.get()), "read the shape of " + what);
  hsize_t count = 0;
  if (H5Tget_class(type.get()) != H5T_INTEGER || H5Sget_simple_extent_ndims(space.get()) != 1 ||
      H5Sget_simple_extent_dims(space.get(), &count, nullptr) != 1 || count > most_numbers) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> values(static_cast<std::size_t>(count));
  if (count > 0) check.value(H5Aread(attribute.get(), H5T_NATIVE_UINT64, values.data()), "read " + what);
  return values;
}

bool has_attribute(hid_t object, const std::string& name, const Hdf5Check& check) {
  return check.value(H5Aexists(object, name.c_str()), "look for attribute " + quote(name)) > 0;
}

std::optional<std::uint64_t> number_attribute(hid_t object, const std::string& name, const Hdf5Check& check) {
  const std::string what = "attribute " + quote(name);
  const Hdf5Handle attribute = check.own(H5Aopen(object, name.c_str(), H5P_DEFAULT), "open " + what);
  const Hdf5Handle type = check.own(H5Aget_type(attribute.get()), "read the type of " + what);
  const Hdf5Handle space = check.own(H5Aget_space(attribute.get()), "read the shape of " + what);
  if (H5Tget_class(type.get()) != H5T_INTEGER || H5Sget_simple_extent_npoints(space.get()) != 1) {
    return std::nullopt;
  }
  std::int64_t value = 0;  // the library clips what does not fit; an unsigned one would hide a sign
  check.value(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), "read " + what);
  if (value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

void write_string_attribute(hid_t object, const std::string& name, const std::string& value,
                            const Hdf5Check& check) {
  const std::string what = "write attribute " + quote(name);
  const Hdf5Handle type = check.own(H5Tcopy(H5T_C_S1), what);
  check.value(H5Tset_size(type.get(), value.size() + 1), what);  // the terminating NUL is stored as well
  check.value(H5Tset_cset(type.get(), H5T_CSET_UTF8), what);
  const Hdf5Handle space = check.own(H5Screate(H5S_SCALAR), what);
  const Hdf5Handle creation = check.own(H5Pcreate(H5P_ATTRIBUTE_CREATE), what);
  check.value(H5Pset_char_encoding(creation.get(), H5T_CSET_UTF8), what);
  const Hdf5Handle attribute =
      check.own(H5Acreate2(object, name.c_str(), type.get(), space.get(), creation.get(), H5P_DEFAULT), what);
  check.value(H5Awrite(attribute.get(), type.get(), value.c_str()), what);
}

void write_number_attribute(hid_t object, const std::string& name, std::uint64_t value,
                            const Hdf5Check& check) {
  const std::string what = "write attribute " + quote(name);
  const Hdf5Handle space = check.own(H5Screate(H5S_SCALAR), what);
  const Hdf5Handle attribute =
      check.own(H5Acreate2(object, name.c_str(), H5T_STD_I64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT), what);
  const auto stored = static_cast<std::int64_t>(value);
  check.value(H5Awrite(attribute.get(), H5T_NATIVE_INT64, &stored), what);
}

void write_strings_attribute(hid_t object, const std::string& name, const std::vector<std::string>& values,
                             const Hdf5Check& check) {
  const std::string what = "write attribute " + quote(name);
  const Hdf5Handle type = check.own(H5Tcopy(H5T_C_S1), what);
  check.value(H5Tset_size(type.get(), H5T_VARIABLE), what);
  check.value(H5Tset_cset(type.get(), H5T_CSET_UTF8), what);
  const hsize_t count = values.size();
  const Hdf5Handle space = check.own(H5Screate_simple(1, &count, nullptr), what);
  const Hdf5Handle attribute =
      check.own(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), what);
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  check.value(H5Awrite(attribute.get(), type.get(), pointers.data()), what);
}

void write_numbers_attribute(hid_t object, const std::string& name, const std::vector<std::uint64_t>& values,
                             const Hdf5Check& check) {
  const std::string what = "write attribute " + quote(name);
  const hsize_t count = values.size();
  const Hdf5Handle space = check.own(H5Screate_simple(1, &count, nullptr), what);
  const Hdf5Handle attribute =
      check.own(H5Acreate2(object, name.c_str(), H5T_STD_U64LE, space.get(), H5P_DEFAULT, H5P_DEFAULT), what);
  if (count > 0) check.value(H5Awrite(attribute.get(), H5T_NATIVE_UINT64, values.data()), what);
}

}  // namespace stockpot::io
