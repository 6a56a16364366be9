#include <charconv>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "merge_bench.hpp"
#include "merge_report.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::bench {
namespace {

namespace fs = std::filesystem;
namespace options = boost::program_options;

options::options_description describe() {
  options::options_description description(
      "usage: bench merge RECIPE... [OPTIONS]\n"
      "Times merges against the floor F: reading all inputs once (cat) plus copying one model (cp), page "
      "cache warm,\n"
      "floor and merge in turns; prints the median of merge / F, bytes/s and peak memory of each rank");
  description.add_options()("help,h", "this text")("recipe", options::value<std::vector<std::string>>(),
                                                   "recipes")(
      "ranks", options::value<std::string>()->default_value("1,2"),
      "numbers of ranks; 1 runs without mpirun")("fsync", options::value<std::string>()->default_value("no"),
                                                 "yes, no or both")(
      "pairs", options::value<int>()->default_value(5), "of floor and merge")(
      "memory", options::value<std::string>()->default_value(""), "of each rank, as 512MiB")(
      "threads", options::value<std::string>()->default_value(""), "of each rank")(
      "scratch", options::value<std::string>(),
      "folder for outputs, on the disk to be measured (a new one in TMPDIR)")(
      "stockpot", options::value<std::string>(), "the program to measure (the one beside this)")(
      "mergekit", options::value<std::string>(), "a Python that has mergekit: run it beside")(
      "json", options::value<std::string>(), "write the results to this file");
  return description;
}

std::vector<int> parse_ranks(const std::string& text) {
  std::vector<int> ranks;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    int value = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (failure != std::errc() || end != word.data() + word.size() || value < 1) {
      throw Error(ExitCode::usage, "--ranks: " + quote(word) + " is no number of ranks");
    }
    ranks.push_back(value);
  }
  if (ranks.empty()) throw Error(ExitCode::usage, "--ranks is empty");
  return ranks;
}

std::vector<bool> parse_sync(const std::string& text) {
  if (text == "no") return {false};
  if (text == "yes") return {true};
  if (text == "both") return {false, true};
  throw Error(ExitCode::usage, "--fsync must be yes, no or both");
}

}  // namespace

int bench_merge(int argc, char** argv) {
  options::positional_options_description positional;
  positional.add("recipe", -1);
  const std::optional<options::variables_map> read = read_options(argc, argv, describe(), positional);
  if (!read) return 0;
  const options::variables_map& given = *read;
  if (!given.contains("recipe")) throw Error(ExitCode::usage, "no recipe");

  MergeBenchOptions request;
  for (const std::string& recipe : given["recipe"].as<std::vector<std::string>>())
    request.recipes.emplace_back(recipe);
  request.ranks = parse_ranks(given["ranks"].as<std::string>());
  request.sync = parse_sync(given["fsync"].as<std::string>());
  request.pairs = given["pairs"].as<int>();
  if (request.pairs < 1) throw Error(ExitCode::usage, "--pairs must be at least 1");
  request.memory = given["memory"].as<std::string>();
  request.threads = given["threads"].as<std::string>();
  request.stockpot = given.contains("stockpot")
                         ? fs::path(given["stockpot"].as<std::string>())
                         : fs::read_symlink("/proc/self/exe").parent_path() / "stockpot";
  if (given.contains("mergekit")) request.mergekit_python = given["mergekit"].as<std::string>();
  const fs::path parent = given.contains("scratch") ? fs::path(given["scratch"].as<std::string>())
                                                    : fs::temp_directory_path() / "stockpot-bench";
  request.scratch = parent / "scratch";

  const std::vector<MergeResult> results = run_merge_bench(request);
  fs::remove_all(request.scratch);
  write_json(given, to_json(results));
  return 0;
}

}  // namespace stockpot::bench
