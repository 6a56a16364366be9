// `search:` and `evaluate:` of a recipe.
#include "stockpot/recipe/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/recipe/parse_support.hpp"

namespace stockpot::recipe {
namespace {

using test::expect_one_problem_each;
using test::good;
using test::problems;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string evaluated = "evaluate: {command: [python3, eval.py, --n, 5]}\n";

std::string soup(const std::string& method, const std::string& more) {
  return "merge_method: " + method + "\nmodels: [{model: a}, {model: b}, {model: c}]\n" + more;
}

std::string greedy(const std::string& more) {
  return soup("greedy_soup", more);
}

std::string ties(const std::string& more) {
  return "merge_method: ties\nbase_model: base\nparameters: {weight: 1}\nmodels: [{model: a}, {model: b}]\n" +
         more + "\n";
}

std::string ties_over(const std::string& space, const std::string& strategy = "random") {
  return ties("search: {strategy: " + strategy + ", space: " + space + "}\n" + evaluated);
}

TEST(SearchBlock, HasTheContractsDefaults) {
  const Recipe recipe = good(greedy(evaluated));
  const Search& search = recipe.search.value();
  EXPECT_EQ(search.strategy, Strategy::greedy);
  EXPECT_FALSE(search.accepts_equal);
  EXPECT_TRUE(search.last_first);
  EXPECT_TRUE(search.space.empty());
  EXPECT_EQ(search.budget, 100u);
  const Evaluate& evaluate = recipe.evaluate.value();
  EXPECT_THAT(evaluate.command, ElementsAre("python3", "eval.py", "--n", "5"));
  EXPECT_EQ(evaluate.metrics, (std::map<std::string, double>{{"accuracy", 1.0}}));
  EXPECT_FALSE(evaluate.worker);
  EXPECT_FALSE(evaluate.minimizes);
  EXPECT_EQ(evaluate.workers, 1u);
  EXPECT_EQ(evaluate.timeout_seconds, 600.0);
  EXPECT_EQ(evaluate.retries, 1u);
  EXPECT_FALSE(evaluate.fails_job);
  EXPECT_EQ(evaluate.scratch, "/dev/shm");
  EXPECT_EQ(evaluate.final, nullptr);
}

TEST(SearchBlock, OfASoupFollowsItsMethod) {
  EXPECT_EQ(good(soup("uniform_soup", "")).search.value().strategy, Strategy::uniform);
  EXPECT_FALSE(good(soup("uniform_soup", "")).evaluate);
  EXPECT_EQ(good(soup("uniform_soup", "search: {strategy: subset}\n" + evaluated)).search.value().strategy,
            Strategy::subset);
  EXPECT_EQ(good(soup("learned_soup", "evaluate: {probe: mlp, data: val.h5}")).search.value().strategy,
            Strategy::learned);
  EXPECT_FALSE(good("merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n").search);
  EXPECT_TRUE(good("merge_method: greedy_soup\nmodels: {glob: 'run/*'}\n" + evaluated).search);
}

TEST(SearchBlock, ReadsWhatIsWritten) {
  const Recipe recipe = good(greedy(R"(search: {strategy: subset, accept: ">=", ties: first, budget: 7}
evaluate:
  command: ./run.sh
  worker: true
  metrics: {accuracy: 1, loss: -0.1}
  mode: minimize
  workers: 4
  timeout: 0.5
  retries: 0
  on_failure: error
  scratch: /tmp/here
  final: {probe: mlp, data: test.h5, metric: loss, report: [ensemble, winner]}
)"));
  EXPECT_EQ(recipe.search->strategy, Strategy::subset);
  EXPECT_TRUE(recipe.search->accepts_equal);
  EXPECT_FALSE(recipe.search->last_first);
  EXPECT_EQ(recipe.search->budget, 7u);
  const Evaluate& evaluate = recipe.evaluate.value();
  EXPECT_THAT(evaluate.command, ElementsAre("./run.sh"));
  EXPECT_TRUE(evaluate.worker);
  EXPECT_EQ(evaluate.metrics, (std::map<std::string, double>{{"accuracy", 1.0}, {"loss", -0.1}}));
  EXPECT_TRUE(evaluate.minimizes);
  EXPECT_EQ(evaluate.workers, 4u);
  EXPECT_EQ(evaluate.timeout_seconds, 0.5);
  EXPECT_EQ(evaluate.retries, 0u);
  EXPECT_TRUE(evaluate.fails_job);
  EXPECT_EQ(evaluate.scratch, "/tmp/here");
  ASSERT_NE(evaluate.final, nullptr);
  EXPECT_EQ(evaluate.final->probe, "mlp");
  EXPECT_EQ(evaluate.final->data, "test.h5");
  EXPECT_EQ(evaluate.final->metrics, (std::map<std::string, double>{{"loss", 1.0}}));
  EXPECT_THAT(evaluate.final->report, ElementsAre(Reported::ensemble, Reported::winner));
}

TEST(SearchBlock, ReadsWhatALearnedSoupTakes) {
  const std::string probe = "evaluate: {probe: mlp, data: val.h5}\n";
  const Search plain = good(soup("learned_soup", probe)).search.value();
  EXPECT_EQ(plain.scope, Scope::tensor);
  EXPECT_EQ(plain.epochs, 5u);
  EXPECT_EQ(plain.batch_size, 256u);
  EXPECT_EQ(plain.learning_rate, 0.05);
  EXPECT_EQ(plain.weight_decay, 0.0);
  EXPECT_TRUE(plain.shuffle && plain.learn_temperature && !plain.log_gradients);
  const Search search =
      good(soup("learned_soup", probe +
                                    "search: {scope: layer, epochs: 2, batch_size: 0, learning_rate: 0.1, "
                                    "weight_decay: 0.01, shuffle: false, learn_temperature: false, "
                                    "log_gradients: true}"))
          .search.value();
  EXPECT_EQ(search.scope, Scope::layer);
  EXPECT_EQ(search.epochs, 2u);
  EXPECT_EQ(search.batch_size, 0u);
  EXPECT_EQ(search.learning_rate, 0.1);
  EXPECT_EQ(search.weight_decay, 0.01);
  EXPECT_TRUE(!search.shuffle && !search.learn_temperature && search.log_gradients);
}

TEST(SearchBlock, SpaceKeepsItsOrder) {
  const Search search =
      good(ties_over("{normalize: [false, true], lambda: {low: -1, high: 2}, weight@1: [0.5], "
                     "density@0~mlp: [0.1, 0.9], lambda~attn: [1]}"))
          .search.value();
  ASSERT_EQ(search.space.size(), 5u);
  const SpaceEntry normalize{"normalize", "normalize", std::nullopt, std::nullopt, {0.0, 1.0}, 0.0, 0.0};
  const SpaceEntry lambda{"lambda", "lambda", std::nullopt, std::nullopt, {}, -1.0, 2.0};
  const SpaceEntry weight{"weight@1", "weight", 1, std::nullopt, {0.5}, 0.0, 0.0};
  const SpaceEntry density{"density@0~mlp", "density", 0, "mlp", {0.1, 0.9}, 0.0, 0.0};
  const SpaceEntry attention{"lambda~attn", "lambda", std::nullopt, "attn", {1.0}, 0.0, 0.0};
  EXPECT_THAT(search.space, ElementsAre(normalize, lambda, weight, density, attention));
}

TEST(SearchBlock, SpaceGivesRequiredParameters) {
  const std::string head =
      "merge_method: slerp\nbase_model: a\nmodels: [{model: a}, {model: b}]\n" + evaluated;
  const Recipe recipe = good(head + "search: {strategy: grid, space: {t: [0, 0.5, 1]}}");
  EXPECT_THAT(recipe.searched_parameters, ElementsAre("t"));
  EXPECT_TRUE(good(head + "parameters: {t: 0.5}\nsearch: {strategy: grid, space: {t: [0, 1]}}")
                  .searched_parameters.empty());
  expect_one_problem_each(
      {{head + "search: {strategy: grid, space: {t~mlp: [0, 1]}}", "needs the parameter t"}});
  const std::string linear = "merge_method: linear\nmodels: [{model: a}, {model: b}]\n" + evaluated;
  EXPECT_THAT(good(linear + "search: {strategy: grid, space: {weight@0: [1, 2], weight@1: [0, 1]}}")
                  .searched_parameters,
              ElementsAre("weight"));
  EXPECT_THAT(problems(linear + "search: {strategy: grid, space: {weight@0: [1, 2]}}"),
              ElementsAre(HasSubstr("'a'"), HasSubstr("'b'")));
}

TEST(SearchBlock, RefusesStrategies) {
  expect_one_problem_each(
      {{greedy(evaluated + "search: {strategy: greddy}"), "(did you mean 'greedy'?)"},
       {greedy(evaluated + "search: {strategy: uniform}"), "strategies are greedy, subset"},
       {greedy(evaluated + "search: {strategy: grid, space: {lambda: [1]}}"),
        "strategies are greedy, subset"},
       {soup("uniform_soup", evaluated + "search: {strategy: learned}"), "uniform, greedy, subset"},
       {ties(evaluated + "search: {space: {lambda: [1]}}"), "'strategy' is missing (ties takes grid, random"},
       {ties(evaluated + "search: {strategy: greedy}"), "strategies are grid, random, cmaes, nlopt"},
       {ties(evaluated + "search: {strategy: random}"), "search: 'space' is missing"},
       {greedy(evaluated + "search: greedy"), "search: expected a mapping"},
       {greedy(evaluated + "search: {acept: '>'}"), "unknown key 'acept' (did you mean 'accept'?)"},
       {greedy(evaluated + "search: {accept: '<'}"), "search.accept: '<' is none of >, >="},
       {greedy(evaluated + "search: {ties: lst}"), "(did you mean 'last'?)"},
       {greedy(evaluated + "search: {budget: 0}"), "search.budget: '0' is outside 1.."},
       {greedy(evaluated + "search: {epochs: 3}"), "'epochs' is for learned soups"},
       {greedy(evaluated + "search: {space: {weight: [1]}}"), "greedy_soup has no parameter 'weight'"}});
}

TEST(SearchBlock, RefusesSpaces) {
  expect_one_problem_each(
      {{ties_over("{}"), "search.space: names no parameter"},
       {ties_over("[lambda]"), "search.space: expected a mapping"},
       {ties_over("{lamda: [1]}"), "ties has no parameter 'lamda' (did you mean 'lambda'?)"},
       {ties_over("{sign: [1]}"), "sign is a word; a search sets numbers"},
       {ties_over("{lambda: 1}"),
        "search.space.lambda: expected a list of values or a range, found a number"},
       {ties_over("{lambda: []}"), "an empty list has no value"},
       {ties_over("{lambda: [1, x]}"), "space.lambda[1]: expected a number, found 'x'"},
       {ties_over("{lambda: {low: 0}}"), "'high' is missing"},
       {ties_over("{lambda: {low: 1, high: 1}}"), "low (1) must be below high (1)"},
       {ties_over("{lambda: {low: 0, high: 1, hihg: 2}}"), "(did you mean 'high'?)"},
       {ties_over("{lambda: {low: 0, high: 1}}", "grid"), "a grid needs a list of values, not a range"},
       {ties_over("{density: {low: 0.5, high: 1.5}}"), "density must be at most 1, not 1.5"},
       {ties_over("{density: [-0.5]}"), "density must be at least 0, not -0.5"},
       {ties_over("{normalize: [2]}"), "normalize is true or false, not 2"},
       {ties_over("{normalize: {low: 0, high: 1}}"), "true or false, which has no range"},
       {ties_over("{lambda@0: [1]}"), "lambda is not a parameter of single models"},
       {ties_over("{weight@2: [1]}"), "'2' is no index into `models` (0 to 1)"},
       {ties_over("{weight@: [1]}"), "'' is no index into `models`"},
       {ties_over("{weight@b: [1]}"), "'b' is no index into `models`"},
       {ties_over("{weight@1x: [1]}"), "'1x' is no index into `models`"},
       {ties_over("{lambda~: [1]}"), "no filter stands after `~`"},
       {"merge_method: ties\nbase_model: b\nmodels: {glob: 'run/*'}\nsearch: {strategy: grid, space: "
        "{density@0: [1]}}\n" +
            evaluated,
        "`@` counts models of a list `models:`"}});
}

TEST(EvaluateBlock, IsNeededBySearches) {
  expect_one_problem_each(
      {{greedy(""),
        "greedy_soup needs an `evaluate:` block that scores its candidates (write `evaluate: "
        "{command: [PROGRAM]}` and use `stockpot soup`)"},
       {ties("search: {strategy: grid, space: {lambda: [1]}}"), "ties needs an `evaluate:` block"},
       {soup("learned_soup", evaluated), "a learned soup needs gradients, which a command doesn't give"},
       {soup("learned_soup", "evaluate: {probe: mpl, data: x.h5}"), "(did you mean 'mlp'?)"},
       {"merge_method: greedy_soup\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]\n" + evaluated,
        "greedy_soup chooses among `models:`, not among slices or modules"}});
}

TEST(EvaluateBlock, Refuses) {
  const auto with = [](const std::string& block) { return greedy("evaluate: " + block); };
  expect_one_problem_each(
      {{with("[a]"), "evaluate: expected a mapping"},
       {with("{metric: accuracy}"), "exactly one of 'command' and 'probe'"},
       {with("{command: [a], probe: mlp, data: x}"), "exactly one of 'command' and 'probe'"},
       {with("{comand: [a], probe: mlp, data: x}"), "unknown key 'comand' (did you mean 'command'?)"},
       {with("{command: []}"), "evaluate.command: the command is empty"},
       {with("{command: ['']}"), "evaluate.command: the command is empty"},
       {with("{command: [a, [b]]}"), "evaluate.command[1]: expected text, found a list"},
       {with("{command: python3 eval.py}"), "a command is a list of words; no shell reads it"},
       {with("{command: [a], data: x.h5}"), "'data' is for `probe:`"},
       {with("{probe: mpl, data: x.h5}"), "'mpl' is none of mlp (did you mean 'mlp'?)"},
       {with("{probe: mlp}"), "'data' is missing"},
       {with("{probe: mlp, data: ''}"), "evaluate.data: the path is empty"},
       {with("{probe: mlp, data: x.h5, worker: true}"), "a probe has no program that could stay"},
       {with("{probe: mlp, data: x.h5, metric: acuracy}"), "(did you mean 'accuracy'?)"},
       {with("{probe: mlp, data: x.h5, metrics: {los: 1}}"), "(did you mean 'loss'?)"},
       {with("{command: [a], metric: b, metrics: {c: 1}}"), "only one of 'metric' and 'metrics'"},
       {with("{command: [a], metric: ''}"), "a metric needs a name"},
       {with("{command: [a], metrics: {}}"), "no metric has a weight other than 0"},
       {with("{command: [a], metrics: {a: 0, b: 0}}"), "no metric has a weight other than 0"},
       {with("{command: [a], metrics: {a: x}}"), "evaluate.metrics.a: expected a number"},
       {with("{command: [a], mode: max}"), "'max' is none of maximize, minimize"},
       {with("{command: [a], workers: 0}"), "'0' is outside 1..65536"},
       {with("{command: [a], timeout: 0}"), "timeout must be above 0, not 0"},
       {with("{command: [a], timeout: .inf}"), "expected a finite number"},
       {with("{command: [a], retries: -1}"), "'-1' is outside 0.."},
       {with("{command: [a], worker: 2}"), "worker is true or false, not 2"},
       {with("{command: [a], on_failure: ignore}"), "'ignore' is none of reject, error"},
       {with("{command: [a], scratch: ''}"), "scratch is empty"},
       {with("{command: [a], final: {command: [b], final: {command: [c]}}}"),
        "evaluate.final.final: a `final` block has no `final` of its own"},
       {with("{command: [a], final: {metric: b}}"), "evaluate.final: exactly one of 'command' and 'probe'"},
       {with("{command: [a], report: [winner]}"), "'report' is for `final:`"},
       {with("{command: [a], final: {command: [b], report: []}}"), "evaluate.final.report: reports nothing"},
       {with("{command: [a], final: {command: [b], report: winner}}"),
        "evaluate.final.report: expected a list"},
       {with("{command: [a], final: {command: [b], report: [all]}}"), "'all' is none of winner, singles"},
       {with("{command: [a], final: {command: [b], report: [uniform, uniform]}}"), "stands here twice"},
       {with("{command: [a], final: {command: [b], report: [ensemble]}}"), "an ensemble needs logits"}});
}

}  // namespace
}  // namespace stockpot::recipe
