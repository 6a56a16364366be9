#include "stockpot/engine/candidate_maker.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "merge_fixture.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/method/catalog.hpp"

namespace stockpot::engine {
namespace {

/// Candidates against merges of the same recipes, byte by byte.
class Candidates : public MergeFixture {
 protected:
  Candidates() {
    std::mt19937_64 generator{5};
    for (const char* const name : {"base", "m0", "m1", "m2"}) {
      CheckpointBuilder model;
      for (const auto& [tensor, shape] : shapes) {
        model.add_raw(tensor, DType::bf16, shape,
                      random_floats(DType::bf16, element_count(shape).value(), generator));
      }
      write(name, model.config(R"({"model_type": "x"})"));
      write_file(folder / name / "tokenizer.json", "{}");
    }
  }

  static std::string recipe_of(const std::string& head, const std::vector<int>& models) {
    std::string text = head + "\nmodels:\n";
    for (const int m : models) text += fmt::format("  - model: '@/m{}'\n", m);
    return text;
  }
  [[nodiscard]] Variant variant(const std::string& text) const {
    auto parsed = recipe::parse_recipe(test::in_folder(text, folder.path()), method::schema(), false);
    EXPECT_TRUE(parsed.recipe);
    Variant made{*parsed.recipe, nullptr};
    made.method = method::method_of(made.recipe);
    return made;
  }

  /// The weights of each variant, as candidates of one maker; `home` of each is another rank.
  std::vector<OutputTensors> candidates(const std::string& widest, const std::vector<std::string>& variants,
                                        CandidateCounters* counters = nullptr) {
    std::vector<OutputTensors> found;
    write_recipe(widest);
    comm::run_threads(ranks(), [&](comm::Communicator& world) {
      const LoadedRecipe loaded =
          load_models(world, load_recipe(world, recipe, false, {}), options.plan.grid, {});
      CandidateMaker maker(world, loaded.models, {loaded.recipe, loaded.method}, options, folder.path());
      for (std::size_t i = 0; i < variants.size(); ++i) {
        maker.form(variant(variants[i]));
        const int home = static_cast<int>(i) % world.size();
        const std::filesystem::path where = folder / fmt::format("candidate-{}", i);
        maker.write_folder(home, where);
        const probe::Parameters values = maker.tensors(home);
        EXPECT_EQ(values.empty(), world.rank() != home);
        if (!values.empty()) expect_widened(values, read_tensors(where));
        world.barrier("files");
        if (world.is_root()) {
          found.push_back(read_tensors(where));
          EXPECT_TRUE(std::filesystem::exists(where / "tokenizer.json"));
          EXPECT_TRUE(std::filesystem::exists(where / "config.json"));
          std::filesystem::remove_all(where);
        }
        world.barrier("folder");
      }
      if (world.is_root() && counters != nullptr) *counters = maker.counters();
    });
    return found;
  }
  static void expect_widened(const probe::Parameters& values, const OutputTensors& stored) {
    ASSERT_EQ(values.size(), stored.size());
    for (const probe::NamedTensor& tensor : values) {
      const auto& expected = stored.at(tensor.name);
      EXPECT_EQ(tensor.shape, expected.shape);
      for (std::size_t e = 0; e < tensor.values.size(); ++e) {
        ASSERT_EQ(tensor.values[e], load_as_double(expected.dtype, expected.bytes.data(), e)) << tensor.name;
      }
    }
  }

  void expect_candidates_are_merges(const std::string& widest, const std::vector<std::string>& variants) {
    for (const std::uint64_t rows : {1U, 2U, 3U}) {
      SCOPED_TRACE(rows);
      set_grid(rows, 1);
      const std::vector<OutputTensors> found = candidates(widest, variants);
      ASSERT_EQ(found.size(), variants.size());
      for (std::size_t i = 0; i < variants.size(); ++i) {
        SCOPED_TRACE(variants[i]);
        write_recipe(variants[i]);
        merge();
        expect_same_tensors(found[i], read_tensors(out));
        std::filesystem::remove_all(out);
      }
    }
  }

  std::map<std::string, Shape> shapes{{"layers.0.weight", {301, 77}},
                                      {"layers.1.long.weight", {5, 1'300'001}},
                                      {"layers.2.norm.weight", {129}},
                                      {"scalar", {}},
                                      {"empty", {0, 3}}};
};

TEST_F(Candidates, OfSomeModelsAreTheirMerges) {
  const std::string head = "merge_method: uniform_soup";
  expect_candidates_are_merges(
      recipe_of(head, {0, 1, 2}),
      {recipe_of(head, {1}), recipe_of(head, {0, 2}), recipe_of(head, {0, 1, 2}), recipe_of(head, {2})});
}

TEST_F(Candidates, OfOtherParametersAreTheirMerges) {
  const auto ties = [](double density) {
    return recipe_of(
        fmt::format("merge_method: ties\nbase_model: '@/base'\nparameters: {{weight: 1, density: "
                    "{}, lambda: 0.7}}",
                    density),
        {0, 1, 2});
  };
  expect_candidates_are_merges(ties(0.5), {ties(0.2), ties(0.9)});
  const auto stock = recipe_of("merge_method: model_stock\nbase_model: '@/base'", {0, 1, 2});
  const auto rows = [](double t) {
    return recipe_of(
        fmt::format("merge_method: nuslerp\nparameters: {{weight: {}, nuslerp_row_wise: true}}", t), {0, 1});
  };
  expect_candidates_are_merges(stock, {stock});
  expect_candidates_are_merges(rows(0.5), {rows(0.25)});
}

TEST_F(Candidates, AreTheSameWithLittleMemory) {
  const std::string head = "merge_method: uniform_soup";
  const std::string widest = recipe_of(head, {0, 1, 2});
  const std::vector<std::string> variants{recipe_of(head, {0, 1}), widest};
  set_grid(2, 1);
  CandidateCounters much;
  const std::vector<OutputTensors> expected = candidates(widest, variants, &much);
  EXPECT_EQ(much.scratch_bytes, 0U);
  write_recipe(widest);
  // Beside what a merge needs a candidate and half of the models.
  options.plan.memory_bytes = smallest_memory() + much.candidate_bytes + much.resident_bytes / 2;
  CandidateCounters little;
  const std::vector<OutputTensors> found = candidates(widest, variants, &little);
  EXPECT_GT(little.scratch_bytes, 0U);
  EXPECT_LT(little.resident_bytes, much.resident_bytes);
  EXPECT_NEAR(static_cast<double>(little.scratch_bytes + little.resident_bytes),
              static_cast<double>(much.resident_bytes), 4096.0);
  for (std::size_t i = 0; i < variants.size(); ++i) expect_same_tensors(found[i], expected[i]);
}

TEST_F(Candidates, NeedRoomForOne) {
  const std::string widest = recipe_of("merge_method: uniform_soup", {0, 1, 2});
  write_recipe(widest);
  options.plan.memory_bytes = smallest_memory() + 1000;
  const Failure failure = failure_of([&](comm::Communicator& world) {
    const LoadedRecipe loaded =
        load_models(world, load_recipe(world, recipe, false, {}), options.plan.grid, {});
    const CandidateMaker maker(world, loaded.models, {loaded.recipe, loaded.method}, options, folder.path());
  });
  EXPECT_EQ(failure.code, ExitCode::usage);
  EXPECT_THAT(failure.text, testing::HasSubstr("too small for a candidate"));
}

TEST_F(Candidates, OfModelsWithNaNAreRefused) {
  CheckpointBuilder model;
  for (const auto& [tensor, shape] : shapes) {
    model.add(tensor, DType::bf16, shape, {tensor == "scalar" ? std::nan("") : 1.0});
  }
  write("m1", model);
  const std::string head = "merge_method: uniform_soup";
  write_recipe(recipe_of(head, {0, 1, 2}));
  set_grid(3, 1);
  const Failure failure = failure_of([&](comm::Communicator& world) {
    const LoadedRecipe loaded =
        load_models(world, load_recipe(world, recipe, false, {}), options.plan.grid, {});
    CandidateMaker maker(world, loaded.models, {loaded.recipe, loaded.method}, options, folder.path());
    maker.form(variant(recipe_of(head, {0, 2})));
    maker.form(variant(recipe_of(head, {0, 1})));
  });
  EXPECT_EQ(failure.code, ExitCode::input);
  EXPECT_THAT(failure.text, testing::HasSubstr("scalar"));
}

TEST_F(Candidates, ThatCantBeWrittenFailOnEveryRank) {
  const std::string head = "merge_method: uniform_soup";
  write_recipe(recipe_of(head, {0, 1}));
  set_grid(3, 1);
  write_file(folder / "taken", "a file");
  const Failure failure = failure_of([&](comm::Communicator& world) {
    const LoadedRecipe loaded =
        load_models(world, load_recipe(world, recipe, false, {}), options.plan.grid, {});
    CandidateMaker maker(world, loaded.models, {loaded.recipe, loaded.method}, options, folder.path());
    maker.form({loaded.recipe, loaded.method});
    maker.write_folder(1, folder / "taken" / "candidate");
  });
  EXPECT_EQ(failure.code, ExitCode::system_io);
}

}  // namespace
}  // namespace stockpot::engine
