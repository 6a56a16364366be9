#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdf5_handle.hpp"

namespace stockpot::io {

/// Names of an object's attributes, sorted.
std::vector<std::string> attribute_names(hid_t object, const Hdf5Check& check);
/// A scalar string attribute, of fixed or variable length; nullopt if it is anything else.
/// @pre the attribute exists
std::optional<std::string> string_attribute(hid_t object, const std::string& name, const Hdf5Check& check);
/// A one-dimensional attribute of at most 64 natural numbers; nullopt if it is anything else or missing.
std::optional<std::vector<std::uint64_t>> numbers_attribute(hid_t object, const std::string& name,
                                                            const Hdf5Check& check);

/// True if the object has an attribute of this name.
bool has_attribute(hid_t object, const std::string& name, const Hdf5Check& check);
/// An integer attribute of one element, not negative; nullopt if it is anything else.
/// @pre the attribute exists
std::optional<std::uint64_t> number_attribute(hid_t object, const std::string& name, const Hdf5Check& check);

void write_string_attribute(hid_t object, const std::string& name, const std::string& value,
                            const Hdf5Check& check);
/// A scalar, stored as a signed 64-bit integer. @pre value < 2^63
void write_number_attribute(hid_t object, const std::string& name, std::uint64_t value,
                            const Hdf5Check& check);
/// A list, its strings of variable length.
void write_strings_attribute(hid_t object, const std::string& name, const std::vector<std::string>& values,
                             const Hdf5Check& check);
void write_numbers_attribute(hid_t object, const std::string& name, const std::vector<std::uint64_t>& values,
                             const Hdf5Check& check);

}  // namespace stockpot::io
