#include "merge_fixture.hpp"

namespace stockpot::engine {
namespace {

/// A recipe that can't be merged, and what is said of it.
struct Refused {
  std::string name;
  std::string head;      ///< method and parameters
  std::string of_model;  ///< what each model's entry has beside its reference
  std::string text;
  bool has_base = true;

  friend void PrintTo(const Refused& one, std::ostream* out) { *out << one.name; }
};

std::vector<Refused> refused() {
  std::vector<Refused> all{
      {"slerp_without_t", "merge_method: slerp\n", "", "slerp needs the parameter t"},
      {"nearswap_without_t", "merge_method: nearswap\n", "", "nearswap needs the parameter t"},
      {"linear_zero_sum", "merge_method: linear\n", "parameters: {weight: 0}", "the weights sum to zero",
       false},
      {"multislerp_zero_sum", "merge_method: multislerp\n", "parameters: {weight: 0}",
       "set normalize_weights: false", false},
      {"weighted_without_examples", "merge_method: weighted\n", "examples: 0",
       "the number of examples must be positive", false},
      {"weighted_negative", "merge_method: weighted\n", "examples: -3",
       "the number of examples must be positive", false},
      {"ties_of_the_paper_weights", "merge_method: ties\nsemantics: paper\nscope: tensor\n",
       "parameters: {weight: 0.5}", "ties with semantics: paper has no weights"},
      {"sce_share_above_1", "merge_method: sce\nparameters: {select_topk: 1.5}\n", "",
       "select_topk must be at most 1, not 1.5"},
      {"ram_negative_epsilon", "merge_method: ram\nparameters: {epsilon: -1}\n", "",
       "epsilon must be at least 0"},
      {"karcher_negative_tol", "merge_method: karcher\nparameters: {tol: -1}\n", "", "tol must be at least 0",
       false},
  };
  for (const std::string method :
       {"ties", "dare_linear", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "della_linear"}) {
    const std::string head = "merge_method: " + method + "\nparameters: {weight: 1, density: ";
    all.push_back(
        {method + "_density_below_0", head + "-0.1}\n", "", "density must be at least 0, not -0.1"});
    all.push_back({method + "_density_above_1", head + "1.1}\n", "", "density must be at most 1, not 1.1"});
    if (!method.starts_with("della")) continue;
    all.push_back({method + "_epsilon_too_large", head + "0.9, epsilon: 0.2}\n", "",
                   "density - epsilon and density + epsilon must lie between 0 and 1"});
  }
  return all;
}

class RefusedParameters : public MergeFixture, public testing::WithParamInterface<Refused> {};

/// One line, on every rank, before anything is written. Where each model has the same mistake it is listed.
TEST_P(RefusedParameters, EndWithTheReason) {
  const auto model = [](std::uint64_t seed) {
    return CheckpointBuilder().add_random("model.layers.0.weight", DType::f32, {4, 5}, seed);
  };
  for (std::uint64_t m = 0; m < 3; ++m) write(fmt::format("m{}", m), model(m));
  const Refused& one = GetParam();
  const bool takes_one = one.name.starts_with("slerp") || one.name.starts_with("nearswap");
  std::string text = one.head + (one.has_base ? "base_model: '@/m0'\n" : "") + "models:\n";
  for (int m = 1; m <= (takes_one ? 1 : 2); ++m) {
    text += fmt::format("  - {{model: '@/m{}', name: x{}{}{}}}\n", m, m, one.of_model.empty() ? "" : ", ",
                        one.of_model);
  }
  write_recipe(text);
  set_grid(2, 1);
  const Failure failure = merge_failure();
  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.text, testing::HasSubstr(one.text));
  EXPECT_FALSE(std::filesystem::exists(io::partial_path(out)));
  expect_nothing_finished();
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedParameters, testing::ValuesIn(refused()),
                         [](const auto& test_info) { return test_info.param.name; });

}  // namespace
}  // namespace stockpot::engine
