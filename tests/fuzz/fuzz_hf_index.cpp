#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "stockpot/base/error.hpp"
#include "stockpot/io/hf_index.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

/// Accepted file names never lead out of a folder, and the writer's form of the map reads back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::map<std::string, std::string> map;
  try {
    map = stockpot::io::parse_hf_index({reinterpret_cast<const char*>(data), size}, "fuzz").weight_map;
  } catch (const stockpot::Error& error) {
    require(error.code() == stockpot::ExitCode::input);
    require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    return 0;
  }
  for (const auto& [tensor, file] : map) {
    require(std::filesystem::path("/folder") / std::filesystem::path(file).filename() ==
            (std::filesystem::path("/folder") / file).lexically_normal());
    require(file.find('\0') == std::string::npos);
  }
  require(stockpot::io::parse_hf_index(stockpot::io::hf_index_text(map, 1, 2), "again").weight_map == map);
  return 0;
}
