#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stockpot::reproduce {

using Paths = std::vector<std::filesystem::path>;

/// (x_1 + x_2 + ...) / count.
std::string average_recipe(const Paths& models);
/// Model Stock by its authors' definition.
std::string stock_recipe(const Paths& models, const std::filesystem::path& anchor);
/// The mean of the models after all their parameters were multiplied by `scale`.
std::string scaled_average_recipe(const Paths& models, double scale);
/// A soup searched by accuracy on `data`; `search` is a map as recipes hold it, "" for the defaults.
std::string soup_recipe(std::string_view method, const Paths& models, const std::string& search,
                        const std::filesystem::path& data);

}  // namespace stockpot::reproduce
