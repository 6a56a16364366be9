#include "cli/report_options.hpp"

namespace stockpot::cli {

report::Options report_options(const Invocation& invocation, const Parsed& parsed, const std::string& title) {
  const engine::RunOptions run = run_options(parsed.common, invocation.world.size());
  report::Options options;
  options.threads = static_cast<int>(run.plan.threads);
  options.stop_requested = run.stop_requested;
  options.warn = run.warn;
  options.progress = make_progress(progress_style(parsed.common), title);
  return options;
}

}  // namespace stockpot::cli
