#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "merge_report.hpp"
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

std::string to_line(const RateComparison& comparison) {
  const std::vector<double> ratios = comparison.ratios();
  const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
  return fmt::format("{:<14} {:<8} {:>5}  ratio {:.3f} ({:.3f} .. {:.3f})  {:.1f} of {:.1f} GFLOP/s",
                     comparison.name, comparison.variant, comparison.size, median(ratios), *least, *most,
                     median(comparison.rates), median(comparison.references));
}

std::string to_json(const std::vector<RateComparison>& comparisons) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const RateComparison& comparison : comparisons) {
    const std::vector<double> ratios = comparison.ratios();
    results.push_back({{"name", comparison.name},
                       {"ratio", median(ratios)},
                       {"rate", median(comparison.rates)},
                       {"reference", median(comparison.references)},
                       {"variant", comparison.variant},
                       {"size", comparison.size},
                       {"ratios", ratios}});
  }
  return nlohmann::ordered_json{{"library", kernel::linear_algebra_library()}, {"results", results}}.dump(2) +
         "\n";
}

int bench_statistics(int argc, char** argv) {
  const options::options_description description = describe();
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv)
                     .options(description)
                     .positional(options::positional_options_description())
                     .run(),
                 given);
  options::notify(given);
  if (given.contains("help")) {
    std::cout << description;
    return 0;
  }
  StatisticsBenchOptions request;
  if (given.contains("sizes")) request.sizes = given["sizes"].as<std::vector<std::size_t>>();
  request.pairs = given["pairs"].as<int>();
  if (request.pairs < 1) throw Error(ExitCode::usage, "--pairs must be at least 1");
  const auto is_too_large = [](std::size_t size) { return size < 1 || size > 32768; };
  if (std::any_of(request.sizes.begin(), request.sizes.end(), is_too_large)) {
    throw Error(ExitCode::usage, "--sizes must be 1 to 32768");
  }

  const std::vector<RateComparison> comparisons = run_statistics_bench(request);
  std::cout << kernel::linear_algebra_library() << "\n";
  for (const RateComparison& comparison : comparisons) std::cout << to_line(comparison) << "\n";
  if (given.contains("json")) {
    const std::string path = given["json"].as<std::string>();
    std::ofstream file(path);
    file << to_json(comparisons);
    if (!file.flush()) throw Error(ExitCode::system_io, "can't write " + path);
  }
  return 0;
}

}  // namespace stockpot::bench
