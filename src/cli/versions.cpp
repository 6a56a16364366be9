#include "cli/versions.hpp"

#include <fmt/format.h>
#include <spdlog/version.h>

#include <boost/version.hpp>
#include <nlohmann/json.hpp>

#include "stockpot/base/digest.hpp"
#include "stockpot/base/version.hpp"
#include "stockpot/comm/mpi.hpp"
#include "stockpot/io/hdf5_state.hpp"
#include "stockpot/kernel/linear_algebra.hpp"
#include "stockpot/kernel/linear_form.hpp"

namespace stockpot::cli {

std::string version_text() {
  std::string text = fmt::format("stockpot {} ({})\n", version(), revision());
  const auto line = [&text](const std::string& library, const std::string& number) {
    text += fmt::format("  {:<14} {}\n", library, number);
  };
  line("MPI", comm::MpiRuntime::library_version());
  line("HDF5", io::hdf5_version());
  line("Boost",
       fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100));
  line("fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100));
  line("nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                    NLOHMANN_JSON_VERSION_PATCH));
  line("spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH));
  line("xxHash", digest_library_version());
  line("BLAS", kernel::linear_algebra_library());
  line("instructions", kernel::instruction_set());
  return text;
}

}  // namespace stockpot::cli
