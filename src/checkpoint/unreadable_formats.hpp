#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::checkpoint {

inline constexpr std::string_view adapter_weights_name = "adapter_model.safetensors";
inline constexpr std::string_view tensorflow_weights_name = "tf_model.h5";

/// Throws Error{input} with the way out if the name is that of a format known but not read.
void refuse_unreadable_file(const std::filesystem::path& path);

/// Throws Error{input} saying what the folder holds instead of weights that can be read. @pre `names` has
/// none.
[[noreturn]] void refuse_unreadable_folder(const std::filesystem::path& folder,
                                           const std::vector<std::string>& names);

}  // namespace stockpot::checkpoint
