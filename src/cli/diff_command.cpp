#include "stockpot/report/diff.hpp"

#include <iostream>
#include <optional>

#include "cli/command.hpp"
#include "cli/report_options.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::cli {

namespace po = boost::program_options;

int diff_command(Invocation& invocation) {
  po::options_description own("Options of diff");
  own.add_options()(
      "tolerance", po::value<double>(),
      "equal if no |a - b| exceeds this, whatever the dtypes (default: dtypes and bytes are equal)")(
      "tensors", po::bool_switch(), "list every tensor that differs, however many there are");
  const auto parsed = parse(invocation, command_named("diff"), own, {"A", "B"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  std::optional<double> tolerance;
  if (parsed->values.count("tolerance") > 0) tolerance = parsed->values["tolerance"].as<double>();
  const auto listing =
      parsed->values["tensors"].as<bool>() ? report::Listing::all : report::Listing::shortened;
  const report::ModelDifference found =
      report::diff(invocation.world, parsed->positional[0], parsed->positional[1], tolerance,
                   report_options(invocation, *parsed, "comparing"));
  if (invocation.world.is_root()) {
    std::cout << (parsed->common.json ? report::difference_json(found)
                                      : report::difference_text(found, listing))
              << std::flush;
  }
  return static_cast<int>(found.equal() ? ExitCode::success : ExitCode::verification);
}

}  // namespace stockpot::cli
