#include "cli/command.hpp"
#include "cli/report_options.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/report/verify.hpp"

namespace stockpot::cli {

int verify_command(Invocation& invocation) {
  const boost::program_options::options_description none("Options of verify");
  const auto parsed = parse(invocation, command_named("verify"), none, {"OUT"});
  if (!parsed) return static_cast<int>(ExitCode::success);
  return report::verify_output(invocation.world, parsed->positional[0],
                               report_options(invocation, *parsed, "verifying"), parsed->common.json);
}

}  // namespace stockpot::cli
