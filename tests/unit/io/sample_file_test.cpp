#include "stockpot/io/sample_file.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "unit/io/hdf5_builder.hpp"
#include "unit/io/io_support.hpp"

namespace stockpot::io {
namespace {

using ::testing::AllOf;
using testing::counting;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using testing::Hdf5Builder;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
const std::string digest(32, 'a');

class SampleFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "samples.h5"; }
  /// A file with the root's attributes and what `fill` adds.
  SampleFile make(const std::function<void(Hdf5Builder&)>& fill, const std::string& labels = "empirical") {
    {
      Hdf5Builder file(path());
      file.number("/", "format_version", 1).text("/", "labels", labels);
      fill(file);
    }
    return SampleFile::open(path());
  }
  std::vector<double> tokens(const SampleFile& file, const SampleRows& rows, std::uint64_t first,
                             std::uint64_t count) {
    std::vector<double> values;
    const std::uint64_t read = file.read_tokens(rows, first, count, values);
    EXPECT_EQ(read, file.count_tokens(rows, first, count));
    EXPECT_EQ(values.size(), read * rows.width);
    return values;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(SampleFileTest, ListsWhatThereIs) {
  const SampleFile file = make(
      [](Hdf5Builder& f) {
        f.text("/", "model_digest", digest);
        f.doubles("/inputs/layers.1", {2, 3, 4}, counting(24), H5T_IEEE_F32LE);
        f.doubles("/inputs/a%2Fb", {2, 3, 5}, counting(30)).text("/inputs/a%2Fb", "weight_layout", "in_out");
        f.doubles("/output_gradients/layers.1", {2, 3, 7}, counting(42));
        f.doubles("/gradients/layers.1.weight", {2, 10, 7, 4}, counting(560));
        f.doubles("/gradients/scale", {2, 10}, counting(20));
        f.doubles("/probabilities", {2, 10}, std::vector<double>(20, 0.1));
      },
      "exact");
  EXPECT_EQ(file.labels(), Labels::exact);
  EXPECT_EQ(file.model_digest()->hex(), digest);
  EXPECT_EQ(file.examples(), 2U);
  EXPECT_EQ(file.classes(), 10U);
  ASSERT_EQ(file.inputs().size(), 2U);
  EXPECT_EQ(file.inputs()[0].module, "a/b");
  EXPECT_EQ(file.inputs()[0].width, 5U);
  EXPECT_EQ(file.inputs()[0].weight_layout, WeightLayout::in_out);
  EXPECT_EQ(file.inputs()[1].weight_layout, WeightLayout::out_in);
  EXPECT_EQ(file.inputs()[1].tokens_per_entry, 3U);
  EXPECT_EQ(file.output_gradients().at(0).width, 7U);
  ASSERT_EQ(file.gradients().size(), 2U);
  EXPECT_EQ(file.gradients()[0].shape, (Shape{7, 4}));
  EXPECT_EQ(file.gradients()[0].classes, 10U);
  EXPECT_EQ(file.gradients()[1].shape, Shape{});
  EXPECT_EQ(file.gradients()[1].elements, 1U);
}

TEST_F(SampleFileTest, OnlyTokensThatCountAreRead) {
  const SampleFile file = make([](Hdf5Builder& f) {
    f.doubles("/inputs/m", {2, 3, 2},
              {0, 1, not_a_number, not_a_number, 4, 5, 6, 7, 8, 9, not_a_number, -not_a_number},
              H5T_IEEE_F32LE);
    f.doubles("/output_gradients/m", {2, 2, 1}, {1, not_a_number, not_a_number, 4});
    f.text("/output_gradients/m", "mask", "/masks/decoder");
    f.integers("/attention_mask", {2, 3}, {1, 0, 1, 1, 1, 0});
    f.integers("/masks/decoder", {2, 2}, {1, 0, 0, 1}, H5T_STD_U8LE);
  });
  const SampleRows& inputs = file.inputs().at(0);
  EXPECT_THAT(tokens(file, inputs, 0, 2), ElementsAre(0, 1, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(tokens(file, inputs, 1, 1), ElementsAre(6, 7, 8, 9));
  EXPECT_THAT(tokens(file, inputs, 1, 0), ElementsAre());
  EXPECT_THAT(tokens(file, file.output_gradients().at(0), 0, 2), ElementsAre(1, 4));
  EXPECT_THROW(static_cast<void>(file.count_tokens(inputs, 1, 2)), std::invalid_argument);
}

TEST_F(SampleFileTest, CompressedFilesReadTheSame) {
  for (const bool compressed : {false, true}) {
    const SampleFile file = make([&](Hdf5Builder& f) {
      f.doubles("/inputs/m", {3, 2, 2}, {0, 1, 2, 3, not_a_number, 5, 6, 7, 8, 9, 10, 11}, H5T_IEEE_F32LE,
                compressed);
      f.integers("/attention_mask", {3, 2}, {1, 1, 0, 1, 1, 1}, H5T_STD_I8LE, compressed);
      f.doubles("/gradients/w", {3, 4}, counting(12), H5T_IEEE_F64LE, compressed);
    });
    EXPECT_THAT(tokens(file, file.inputs().at(0), 1, 2), ElementsAre(6, 7, 8, 9, 10, 11));
    std::vector<double> part(5);
    file.read_gradients(file.gradients().at(0), 2, part);
    EXPECT_THAT(part, ElementsAre(2, 3, 4, 5, 6));
  }
}

TEST_F(SampleFileTest, RowsOfTokensHaveTheirOwnNumberOfExamples) {
  const SampleFile rows = make([](Hdf5Builder& f) { f.doubles("/inputs/m", {5, 2}, counting(10)); });
  EXPECT_EQ(rows.examples(), 5U);
  const SampleFile said = make([](Hdf5Builder& f) {
    f.number("/", "examples", 2);
    f.doubles("/inputs/m", {5, 2}, counting(10)).doubles("/inputs/n", {7, 2}, counting(14));
    f.doubles("/gradients/w", {2, 2}, counting(4));
    f.integers("/mask", {5}, {0, 1, 0, 0, 1}).text("/inputs/m", "mask", "mask");
  });
  EXPECT_EQ(said.examples(), 2U);
  EXPECT_EQ(said.inputs().at(0).entries, 5U);
  EXPECT_EQ(said.inputs().at(0).tokens_per_entry, 1U);
  EXPECT_THAT(tokens(said, said.inputs().at(0), 1, 4), ElementsAre(2, 3, 8, 9));
}

TEST_F(SampleFileTest, HalvesAreExact) {
  const SampleFile file = make(
      [](Hdf5Builder& f) {
        f.halves("/inputs/m", {1, 1, 4}, {1.0 / 3.0, -65504, 0x1p-24, 0});
        f.halves("/gradients/w", {1, 3, 1}, {0.5, 2, -3});
        f.halves("/probabilities", {1, 3}, {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0});
      },
      "exact");
  EXPECT_THAT(tokens(file, file.inputs().at(0), 0, 1), ElementsAre(0.333251953125, -65504, 0x1p-24, 0));
  EXPECT_THAT(file.read_probabilities(0, 1), ElementsAre(0.333251953125, 0.333251953125, 0.333251953125));
}

TEST_F(SampleFileTest, AFileOfInputsNeedsNoLabels) {
  {
    Hdf5Builder file(path());
    file.number("/", "format_version", 1).doubles("/inputs/m", {1, 1, 1}, {1});
  }
  EXPECT_EQ(SampleFile::open(path()).labels(), Labels::none);
}

TEST_F(SampleFileTest, ValuesThatCountMustBeFinite) {
  const SampleFile file = make([](Hdf5Builder& f) {
    f.doubles("/inputs/m", {2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, not_a_number});
    f.doubles("/inputs/z", {2, 2, 1}, {0, 1, 2, std::numeric_limits<double>::infinity()}, H5T_IEEE_F32LE);
    f.doubles("/gradients/w", {2, 3}, {0, 1, 2, 3, 4, not_a_number});
  });
  std::vector<double> values;
  EXPECT_EQ(file.read_tokens(file.inputs()[0], 0, 1, values), 2U);
  const auto of_inputs = failure_of([&] { file.read_tokens(file.inputs()[0], 1, 1, values); });
  ASSERT_TRUE(of_inputs);
  EXPECT_EQ(of_inputs->code, ExitCode::input);
  EXPECT_THAT(of_inputs->message, AllOf(HasSubstr(path().string()),
                                        HasSubstr("object '/inputs/m': token 1 of example 1 has NaN")));
  const auto infinite = failure_of([&] { file.read_tokens(file.inputs()[1], 0, 2, values); });
  ASSERT_TRUE(infinite);
  EXPECT_THAT(infinite->message, HasSubstr("'/inputs/z': token 1 of example 1 has an infinity"));
  values.resize(3);
  file.read_gradients(file.gradients()[0], 1, values);
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
  const auto of_gradients = failure_of([&] { file.read_gradients(file.gradients()[0], 3, values); });
  ASSERT_TRUE(of_gradients);
  EXPECT_THAT(of_gradients->message, HasSubstr("'/gradients/w': example 1 has NaN"));
  EXPECT_THROW(file.read_gradients(file.gradients()[0], 4, values), std::invalid_argument);
}

TEST_F(SampleFileTest, MaskValuesAreZeroOrOne) {
  for (const std::int64_t odd : {2, -1, 256}) {
    const SampleFile file = make([odd](Hdf5Builder& f) {
      f.doubles("/inputs/m", {1, 2, 1}, {0, 1}).integers("/attention_mask", {1, 2}, {1, odd});
    });
    const auto failure = failure_of([&] { static_cast<void>(file.count_tokens(file.inputs()[0], 0, 1)); });
    ASSERT_TRUE(failure) << odd;
    EXPECT_THAT(failure->message, HasSubstr("object '/attention_mask': value 1 is neither 0 nor 1"));
  }
}

TEST_F(SampleFileTest, ProbabilitiesAreADistribution) {
  struct Case {
    std::vector<double> values;
    std::string reason;
  };
  for (const Case& c :
       {Case{{0.5, 0.5, 1.2, -0.2}, "example 1 has a probability that is negative or NaN"},
        Case{{0.5, 0.5, not_a_number, 1}, "example 1 has a probability that is negative or NaN"},
        Case{{0.5, 0.5 + 2e-6, 0, 1}, "the probabilities of example 0 sum to"}}) {
    const SampleFile file = make(
        [&](Hdf5Builder& f) {
          f.doubles("/gradients/w", {2, 2, 1}, counting(4)).doubles("/probabilities", {2, 2}, c.values);
        },
        "exact");
    const auto failure = failure_of([&] { static_cast<void>(file.read_probabilities(0, 2)); });
    ASSERT_TRUE(failure) << c.reason;
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_THAT(failure->message, HasSubstr("object '/probabilities': " + c.reason));
  }
}

TEST_F(SampleFileTest, MalformedFilesAreRefusedByName) {
  struct Case {
    std::function<void(Hdf5Builder&)> change;
    std::string reason;
  };
  const std::vector<Case> cases{
      {[](auto& f) { f.remove_attribute("/", "format_version"); }, "'format_version' is missing"},
      {[](auto& f) { f.remove_attribute("/", "format_version").number("/", "format_version", 2); },
       "'format_version' is 2; this version reads 1"},
      {[](auto& f) { f.remove_attribute("/", "format_version").real("/", "format_version", 1); },
       "'format_version' is no natural number"},
      {[](auto& f) { f.remove_attribute("/", "labels").text("/", "labels", "sample"); },
       "'labels' is 'sample', not one of '', 'exact', 'sampled', 'empirical' (did you mean 'sampled'?)"},
      {[](auto& f) { f.remove_attribute("/", "labels"); }, "'labels' is missing"},
      {[](auto& f) { f.remove_attribute("/", "labels").number("/", "labels", 1); }, "'labels' is no string"},
      {[](auto& f) { f.text("/", "model_digest", "ABC"); }, "'model_digest' is 'ABC'"},
      {[](auto& f) { f.text("/", "model_digst", digest); },
       "'model_digst' is unknown (did you mean 'model_digest'?)"},
      {[](auto& f) { f.number("/", "examples", 3); },
       "'/inputs/m': has 2 examples, but the attribute 'examples' says 3"},
      {[](auto& f) { f.number("/", "examples", -2); }, "'examples' is no natural number"},
      {[](auto& f) { f.group("/input"); }, "'/input': is unknown (did you mean 'inputs'?)"},
      {[](auto& f) {
         f.integers("/attention_maks", {2, 2}, {1, 1, 1, 1});
       },
       "'/attention_maks': is unknown (did you mean 'attention_mask'?)"},
      {[](auto& f) { f.group("/inputs/group"); }, "'/inputs/group': is no dataset"},
      {[](auto& f) {
         f.doubles("/inputs/n", {2}, {1, 2});
       },
       "'/inputs/n': has shape [2]"},
      {[](auto& f) {
         f.doubles("/inputs/n", {2, 2, 0}, {});
       },
       "'/inputs/n': has tokens without features"},
      {[](auto& f) {
         f.doubles("/inputs/n", {3, 2, 1}, counting(6));
       },
       "'/inputs/n': has 3 examples, but /inputs/m says 2"},
      {[](auto& f) {
         f.doubles("/inputs/n", {3, 2}, counting(6));
       },
       "'/inputs/n': has 3 examples"},
      {[](auto& f) {
         f.integers("/inputs/n", {2, 2, 1}, {1, 2, 3, 4});
       },
       "'/inputs/n': has type I64"},
      {[](auto& f) {
         f.doubles("/inputs/n", {2, 2, 1}, counting(4), H5T_IEEE_F64BE);
       },
       "'/inputs/n': has a type that is no little-endian"},
      {[](auto& f) { f.text("/inputs/m", "weight_layout", "inout"); }, "did you mean 'in_out'?"},
      {[](auto& f) { f.text("/inputs/m", "weight_layuot", "in_out"); }, "did you mean 'weight_layout'?"},
      {[](auto& f) { f.text("/inputs/m", "mask", "/nothing"); }, "HDF5 can't open the object"},
      {[](auto& f) { f.text("/inputs/m", "mask", "/"); }, "attribute 'mask' names no dataset"},
      {[](auto& f) { f.text("/inputs/m", "mask", "/inputs"); }, "is no dataset (the mask of /inputs/m)"},
      {[](auto& f) {
         f.integers("/attention_mask", {2, 3}, {1, 1, 1, 1, 1, 1});
       },
       "'/attention_mask': has shape [2, 3] where /inputs/m needs [2, 2]"},
      {[](auto& f) {
         f.doubles("/attention_mask", {2, 2}, {1, 1, 1, 1});
       },
       "has type F64; masks are integers"},
      {[](auto& f) { f.doubles("/gradients/v", {}, {1}); }, "'/gradients/v': has shape []"},
      {[](auto& f) {
         f.doubles("/gradients/v", {5, 1}, counting(5));
       },
       "'/gradients/v': has 5 examples"},
      {[](auto& f) {
         f.doubles("/probabilities", {2}, {1, 1});
       },
       "'/probabilities': has shape [2]"},
      {[](auto& f) { f.remove_attribute("/", "labels").text("/", "labels", "exact"); },
       "'/gradients/w': has exact labels, which need /probabilities"},
      {[](auto& f) {
         f.remove_attribute("/", "labels").text("/", "labels", "exact");
         f.doubles("/probabilities", {2, 4}, std::vector<double>(8, 0.25));
       },
       "'/gradients/w': has 3 classes, but /probabilities has 4"},
      {[](auto& f) { f.remove("/inputs").remove("/gradients"); }, "no sample file"},
  };
  for (const Case& c : cases) {
    const auto failure = failure_of([&] {
      make([&](Hdf5Builder& f) {
        f.doubles("/inputs/m", {2, 2, 2}, counting(8)).doubles("/gradients/w", {2, 3}, counting(6));
        c.change(f);
      });
    });
    ASSERT_TRUE(failure) << c.reason;
    EXPECT_EQ(failure->code, ExitCode::input);
    EXPECT_EQ(failure->subject.file, path().string());
    EXPECT_THAT(failure->message, HasSubstr(c.reason));
    EXPECT_EQ(failure->message.find('\n'), std::string::npos);
  }
}

TEST_F(SampleFileTest, ClaimsThatNothingBacksAreRefused) {
  const auto never_written = failure_of([&] {
    make([](Hdf5Builder& f) {
      const std::vector<hsize_t> shape{1U << 20, 1U << 20};
      const hsize_t chunk[2] = {64, 64};
      const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
      H5Pset_chunk(creation, 2, chunk);
      const hid_t space = H5Screate_simple(2, shape.data(), nullptr);
      f.group("/inputs");
      H5Dclose(H5Dcreate2(f.file(), "/inputs/m", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
      H5Sclose(space);
      H5Pclose(creation);
    });
  });
  ASSERT_TRUE(never_written);
  EXPECT_THAT(never_written->message, HasSubstr("'/inputs/m': claims 4398046511104 bytes, of which 0"));
}

TEST_F(SampleFileTest, ForeignAndTruncatedFilesAreRefused) {
  testing::put(folder_ / "text.h5", "not HDF5 at all");
  EXPECT_EQ(failure_of([&] { SampleFile::open(folder_ / "text.h5"); })->code, ExitCode::input);
  make([](Hdf5Builder& f) { f.doubles("/inputs/m", {1, 64, 8}, counting(512)); });
  const std::string whole = testing::get(path());
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    testing::put(folder_ / "cut.h5", whole.substr(0, size));
    const auto failure = failure_of([&] { SampleFile::open(folder_ / "cut.h5"); });
    ASSERT_TRUE(failure) << size;
    EXPECT_EQ(failure->code, ExitCode::input);
  }
}

TEST_F(SampleFileTest, CountsTokensByWindows) {
  const SampleFile file = make([](Hdf5Builder& f) {
    f.doubles("/inputs/x", {5, 1}, counting(5));
    f.integers("/attention_mask", {5}, {1, 0, 0, 1, 1}, H5T_STD_U8LE);
  });
  const SampleRows& rows = file.inputs().front();
  EXPECT_THAT(file.count_windows(rows, 0, 5, 2), ElementsAre(1, 1, 1));
  EXPECT_THAT(file.count_windows(rows, 1, 4, 4), ElementsAre(2));
  EXPECT_THAT(file.count_windows(rows, 5, 0, 4), ::testing::IsEmpty());
}

}  // namespace
}  // namespace stockpot::io
