#include <algorithm>
#include <iostream>

#include "command_line.hpp"
#include "statistics_bench.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/kernel/linear_algebra.hpp"

namespace stockpot::bench {
namespace {

namespace options = boost::program_options;

options::options_description describe() {
  options::options_description description(
      "usage: bench statistics [OPTIONS]\n"
      "Times Gram matrices and the solves of RegMean and MaTS against the matrix product of the same "
      "library,\n"
      "in turns, on one thread; prints the median ratio of rates in GFLOP per second of processor time");
  description.add_options()("help,h", "this text")("sizes",
                                                   options::value<std::vector<std::size_t>>()->multitoken(),
                                                   "inputs of a layer (1024 2048 4096)")(
      "pairs", options::value<int>()->default_value(5), "of product and what is measured")(
      "json", options::value<std::string>(), "write the results to this file");
  return description;
}

}  // namespace

int bench_statistics(int argc, char** argv) {
  const std::optional<options::variables_map> read = read_options(argc, argv, describe());
  if (!read) return 0;
  const options::variables_map& given = *read;
  StatisticsBenchOptions request;
  if (given.contains("sizes")) request.sizes = given["sizes"].as<std::vector<std::size_t>>();
  request.pairs = given["pairs"].as<int>();
  if (request.pairs < 1) throw Error(ExitCode::usage, "--pairs must be at least 1");
  const auto is_too_large = [](std::size_t size) { return size < 1 || size > 32768; };
  if (std::any_of(request.sizes.begin(), request.sizes.end(), is_too_large)) {
    throw Error(ExitCode::usage, "--sizes must be 1 to 32768");
  }

  const std::vector<Comparison> comparisons = run_statistics_bench(request);
  std::cout << kernel::linear_algebra_library() << "\n";
  for (const Comparison& comparison : comparisons) std::cout << to_line(comparison) << "\n";
  write_json(given, to_json(comparisons, kernel::linear_algebra_library()));
  return 0;
}

}  // namespace stockpot::bench
