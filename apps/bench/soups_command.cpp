#include <iostream>

#include "command_line.hpp"
#include "soups_bench.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/io/scratch_folder.hpp"

namespace stockpot::bench {
namespace {

namespace options = boost::program_options;

options::options_description describe() {
  options::options_description description(
      "usage: bench soups [OPTIONS]\n"
      "Times candidates of a soup, formed from models that stay in memory, against passes over the bytes "
      "that "
      "they use,\n"
      "in turns; then a search over small models");
  description.add_options()("help,h", "this text")(
      "models", options::value<std::uint64_t>()->default_value(8), "ingredients")(
      "layers", options::value<std::uint64_t>()->default_value(8),
      "of each: 8 make 0.48B parameters, 0.97 GB in bf16")(
      "hidden", options::value<std::uint64_t>()->default_value(2048),
      "width of the models, a multiple of 64")(
      "threads", options::value<int>()->default_value(available_processors()), "that form candidates")(
      "held", options::value<double>()->default_value(1.0),
      "share of the models that memory holds; the rest lies in a scratch file")(
      "pairs", options::value<int>()->default_value(3),
      "of pass and candidate, for each number of ingredients")(
      "candidates", options::value<std::uint64_t>()->default_value(1000), "of the search over small models")(
      "scratch", options::value<std::string>(), "folder for the models (TMPDIR)")(
      "json", options::value<std::string>(), "write the results to this file");
  return description;
}

}  // namespace

int bench_soups(int argc, char** argv) {
  const std::optional<options::variables_map> read = read_options(argc, argv, describe());
  if (!read) return 0;
  const options::variables_map& given = *read;
  SoupsBenchOptions request;
  request.models = given["models"].as<std::uint64_t>();
  request.layers = given["layers"].as<std::uint64_t>();
  request.hidden = given["hidden"].as<std::uint64_t>();
  request.threads = given["threads"].as<int>();
  request.held_share = given["held"].as<double>();
  request.pairs = given["pairs"].as<int>();
  request.candidates = given["candidates"].as<std::uint64_t>();
  const bool is_sound = request.models >= 1 && request.hidden >= 64 && request.hidden % 64 == 0 &&
                        request.layers >= 1 && request.threads >= 1 && request.pairs >= 1 &&
                        request.candidates >= 1 && request.held_share >= 0.0 && request.held_share <= 1.0;
  if (!is_sound)
    throw Error(ExitCode::usage,
                "numbers must be at least 1, --hidden a multiple of 64, --held between 0 and 1");
  const io::ScratchFolder scratch(given.contains("scratch")
                                      ? std::filesystem::path(given["scratch"].as<std::string>())
                                      : std::filesystem::temp_directory_path());
  request.scratch = scratch.path();
  const std::vector<Comparison> results = run_soups_bench(request);
  for (const Comparison& result : results) std::cout << to_line(result) << "\n";
  write_json(given, to_json(results, ""));
  return 0;
}

}  // namespace stockpot::bench
