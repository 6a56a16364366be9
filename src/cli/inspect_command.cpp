#include "stockpot/report/inspect.hpp"

#include <iostream>
#include <string>

#include "cli/command.hpp"
#include "cli/report_options.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/report/inspect_statistics.hpp"

namespace stockpot::cli {

namespace po = boost::program_options;

int inspect_command(Invocation& invocation) {
  po::options_description own("Options of inspect");
  own.add_options()("headers", po::bool_switch(), "read headers only: no digests, no zeros, at once")(
      "tensors", po::bool_switch(), "list every tensor, however many there are");
  const auto parsed = parse(invocation, command_named("inspect"), own, {"CHECKPOINT"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  const auto depth = parsed->values["headers"].as<bool>() ? report::Depth::headers : report::Depth::content;
  const auto listing =
      parsed->values["tensors"].as<bool>() ? report::Listing::all : report::Listing::shortened;
  const std::string& reference = parsed->positional[0];
  if (const auto found = report::inspect_statistics(invocation.world, reference, depth, listing)) {
    std::cout << (parsed->common.json ? found->json : found->text) << std::flush;
    return static_cast<int>(ExitCode::success);
  }
  const report::Inspection found =
      report::inspect(invocation.world, reference, depth, report_options(invocation, *parsed, "reading"));
  if (invocation.world.is_root()) {
    std::cout << (parsed->common.json ? report::inspection_json(found)
                                      : report::inspection_text(found, listing))
              << std::flush;
  }
  return static_cast<int>(ExitCode::success);
}

}  // namespace stockpot::cli
