#include "cli/output_options.hpp"

#include "stockpot/base/error.hpp"

namespace stockpot::cli {
namespace {

namespace po = boost::program_options;

io::ExistingOutput existing_output(const po::variables_map& values) {
  const bool resume = values["resume"].as<bool>();
  const bool overwrite = values["overwrite"].as<bool>();
  if (resume && overwrite) throw Error(ExitCode::usage, "--resume and --overwrite exclude each other");
  if (resume) return io::ExistingOutput::resume;
  return overwrite ? io::ExistingOutput::overwrite : io::ExistingOutput::refuse;
}

}  // namespace

po::options_description output_options(const std::string& title) {
  po::options_description own(title);
  own.add_options()("resume", po::bool_switch(),
                    "start a fresh output, continue a stopped one, verify a finished one")(
      "overwrite", po::bool_switch(), "replace a finished output, once the new one stands");
  return own;
}

engine::RunOptions job_options(const Invocation& invocation, const Parsed& parsed, const std::string& title) {
  engine::RunOptions options = run_options(parsed.common, invocation.world.size());
  options.existing = existing_output(parsed.values);
  options.output = parsed.positional[1];
  options.mpi_init_seconds = invocation.mpi_init_seconds;
  options.progress = make_progress(progress_style(parsed.common), title);
  return options;
}

}  // namespace stockpot::cli
