// reproduce: published studies of model merging, small enough for a laptop, through the whole pipeline.
#include <boost/program_options.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "claims.hpp"
#include "compositional.hpp"
#include "soups/study.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/comm/mpi.hpp"
#include "stockpot/io/file.hpp"
#include "tables.hpp"

namespace {

namespace po = boost::program_options;
using namespace stockpot;

constexpr const char* usage_text =
    "usage: reproduce compositional|soups --seeds N --out DIR [--quick]\n"
    "Trains small classifiers of handwritten digits, merges them, and judges the results; means and\n"
    "deviations are over N seeds.\n"
    "  compositional  models of some combinations of domain and classes, merged by every method, judged on\n"
    "                 these combinations and on others\n"
    "  soups          models of one task: Model Stock and averages, searched soups in and out of "
    "distribution,\n"
    "                 averages of weights against ensembles; DIR/patterns holds pictures of first layers\n"
    "Runs as it is, or under mpirun or srun. Writes DIR/results.json; models, statistics and recipes lie\n"
    "beside it.\n"
    "Exit codes: 0 done, 5 a claim fails, others as stockpot's.\n";

struct Arguments {
  std::string experiment;
  reproduce::StudyOptions study;
};

/// nullopt if help was asked for.
std::optional<Arguments> parse(int argc, char** argv) {
  Arguments arguments;
  std::string seeds;
  std::string out;
  bool quick = false;
  po::options_description description;
  description.add_options()("help,h", "")("experiment", po::value(&arguments.experiment))(
      "seeds", po::value(&seeds)->default_value("5"))("out", po::value(&out))("quick",
                                                                              po::bool_switch(&quick));
  po::positional_options_description positional;
  positional.add("experiment", 1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(argc, argv).options(description).positional(positional).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    throw Error(ExitCode::usage, error.what());
  }
  if (values.count("help") > 0) return std::nullopt;
  if (arguments.experiment != "compositional" && arguments.experiment != "soups") {
    throw Error(ExitCode::usage, "the experiments are 'compositional' and 'soups' (see --help)");
  }
  if (out.empty()) throw Error(ExitCode::usage, "--out DIR is missing");
  const bool is_number =
      !seeds.empty() && seeds.size() < 5 && seeds.find_first_not_of("0123456789") == std::string::npos;
  arguments.study.seeds = is_number ? std::stoull(seeds) : 0;
  if (arguments.study.seeds == 0)
    throw Error(ExitCode::usage, "--seeds " + quote(seeds) + " is no number from 1 to 9999");
  arguments.study.out = out;
  arguments.study.effort = quick ? reproduce::Effort::quick : reproduce::Effort::full;
  return arguments;
}

/// What an experiment says.
struct Findings {
  std::string json;
  std::string tables;
  std::vector<reproduce::Claim> claims;
};

/// Collective.
Findings find(comm::Communicator& world, const Arguments& arguments) {
  if (arguments.experiment == "soups") {
    const reproduce::SoupStudy study = reproduce::run_soups(world, arguments.study);
    return {.json = study.results.json(),
            .tables = reproduce::plain_tables(study.results) + reproduce::plain_tables(study.other_numbers),
            .claims = reproduce::soup_claims(study)};
  }
  const reproduce::Study study = reproduce::run_compositional(world, arguments.study);
  return {.json = study.results.json(),
          .tables = reproduce::accuracy_tables(study) + reproduce::cost_table(study) +
                    reproduce::sensitivity_table(study),
          .claims = reproduce::compositional_claims(study.results)};
}

/// Collective.
ExitCode run(comm::Communicator& world, int argc, char** argv) {
  const std::optional<Arguments> arguments = parse(argc, argv);
  if (!arguments) {
    if (world.is_root()) std::cout << usage_text;
    return ExitCode::success;
  }
  const Findings findings = find(world, *arguments);
  comm::agree_after(world, "results", [&] {
    if (world.is_root()) io::write_text(arguments->study.out / "results.json", findings.json, false);
  });
  if (world.is_root()) std::cout << findings.tables << reproduce::claim_lines(findings.claims);
  for (const reproduce::Claim& claim : findings.claims) {
    if (claim.verdict == reproduce::Verdict::fails) return ExitCode::verification;
  }
  return ExitCode::success;
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<comm::MpiRuntime> runtime;
  std::optional<comm::Communicator> world;
  try {
    if (comm::has_launcher()) {
      runtime = std::make_unique<comm::MpiRuntime>(&argc, &argv);
      world.emplace(comm::make_mpi(*runtime));
    } else {
      world.emplace(comm::make_serial());
    }
    return static_cast<int>(run(*world, argc, argv));
  } catch (const Error& error) {
    // Every rank throws the same; one of them says so.
    if (world ? world->is_root() : comm::announced_rank() == 0)
      std::cerr << "reproduce: " << error.what() << "\n";
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::cerr << "reproduce: " << error.what() << "\n";
    if (world && world->size() > 1) world->abort(ExitCode::system_io);
    return static_cast<int>(ExitCode::system_io);
  }
}
