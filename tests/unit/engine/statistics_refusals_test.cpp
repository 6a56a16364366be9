#include "statistics_fixture.hpp"

namespace stockpot::engine {
namespace {

using io::testing::Hdf5Builder;

/// Sample files that must not be taken for what they are not.
class RefusedSamples : public StatisticsFixture {
 protected:
  RefusedSamples() {
    Samples::write_model(folder / "model");
    samples_.write(folder / "good.h5", 0, 5);
    job.samples = {folder / "good.h5", folder / "bad.h5"};
  }
  void expect_bad(const std::vector<std::string>& parts, const std::function<void(Hdf5Builder&)>& spoil) {
    samples_.write(folder / "bad.h5", 5, 5, spoil);
    expect_refused(ExitCode::input, parts);
  }

  Samples samples_{10};
};

TEST_F(RefusedSamples, Grams) {
  expect_bad({"bad.h5", "/inputs/mlp.wide", "is missing, but", "good.h5 has it"},
             [](auto& file) { file.remove("/inputs/mlp.wide").remove("/masks"); });
  expect_bad({"good.h5", "/inputs/extra", "no tensor 'extra.weight'"}, [this](auto& file) {
    samples_.write(folder / "good.h5", 0, 5, [](auto& good) {
      good.doubles("/inputs/extra", {5, 50, 2}, std::vector<double>(500));
    });
    file.doubles("/inputs/extra", {5, 50, 2}, std::vector<double>(500));
  });
}

TEST_F(RefusedSamples, ShapesThatDoNotFit) {
  expect_bad({"bad.h5", "/inputs/q", "has 4 features"}, [](auto& file) {
    file.remove("/inputs/q").doubles("/inputs/q", {5, 50, 4}, std::vector<double>(1000));
  });
  expect_bad({"bad.h5", "/inputs/mlp.wide", "weight_layout 'out_in'"},
             [](auto& file) { file.remove_attribute("/inputs/mlp.wide", "weight_layout"); });
  job.samples = {folder / "bad.h5"};
  expect_bad({"bad.h5", "/inputs/mlp.wide", "7 features, which do not fit 'mlp.wide.weight' [7, 9]"},
             [](auto& file) { file.remove_attribute("/inputs/mlp.wide", "weight_layout"); });
  expect_bad({"bad.h5", "/output_gradients/q", "5 features, which do not fit 'q.weight' [4, 5]"},
             [](auto& file) {
               file.remove("/output_gradients/q")
                   .doubles("/output_gradients/q", {5, 50, 5}, std::vector<double>(1250));
             });
  job.what = Collected::fisher;
  expect_bad({"bad.h5", "/gradients/bias", "is of shape [7], but the model's 'bias' is [6]"}, [](auto& file) {
    file.remove("/gradients/bias").doubles("/gradients/bias", {5, 7}, std::vector<double>(35));
  });
  expect_bad({"bad.h5", "/gradients/biass", "did you mean 'bias'?"}, [](auto& file) {
    file.doubles("/gradients/biass", {5, 6}, std::vector<double>(30));
  });
}

TEST_F(RefusedSamples, ValuesThatNoSumMayTake) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> outputs(1000, 1.0);
  outputs[999] = nan;
  job.samples = {folder / "bad.h5"};
  expect_bad({"bad.h5", "/output_gradients/q", "token 49 of example 4 has NaN"}, [&](auto& file) {
    file.remove("/output_gradients/q")
        .remove("/attention_mask")
        .integers("/attention_mask", {5, 50}, std::vector<std::int64_t>(250, 1))
        .remove("/inputs/q")
        .remove("/inputs/k")
        .doubles("/output_gradients/q", {5, 50, 4}, outputs);
  });
  expect_bad({"bad.h5", "/masks/wide", "neither 0 nor 1"}, [](auto& file) {
    file.remove("/masks/wide").integers("/masks/wide", {5, 50}, std::vector<std::int64_t>(250, 2));
  });
  expect_bad({"bad.h5", "/inputs/mlp.wide", "no token that counts"}, [](auto& file) {
    file.remove("/masks/wide").integers("/masks/wide", {5, 50}, std::vector<std::int64_t>(250, 0));
  });
  job.what = Collected::fisher;
  expect_bad({"bad.h5", "/gradients/bias", "example 3 has NaN"}, [&](auto& file) {
    std::vector<double> values(30, 1.0);
    values[20] = nan;
    file.remove("/gradients/bias").doubles("/gradients/bias", {5, 6}, values);
  });
  expect_bad({"/fisher/bias", "F32"}, [&](auto& file) {
    file.remove("/gradients/bias").doubles("/gradients/bias", {5, 6}, std::vector<double>(30, 1e30));
  });
}

TEST_F(RefusedSamples, FilesOfOtherModelsAndOthersLabels) {
  expect_bad({"bad.h5", "is of another model", std::string(32, 'b')},
             [](auto& file) { file.text("/", "model_digest", std::string(32, 'b')); });
  job.what = Collected::fisher;
  expect_bad({"bad.h5", "'labels' is 'sampled', but 'empirical'"},
             [](auto& file) { file.remove_attribute("/", "labels").text("/", "labels", "sampled"); });
  const auto strip = [](Hdf5Builder& file) { file.remove("/gradients"); };
  samples_.write(folder / "good.h5", 0, 5, strip);
  expect_bad({"good.h5", "holds no /gradients"}, strip);
  job.what = Collected::gram;
  const auto strip_more = [](Hdf5Builder& file) {
    file.remove("/inputs").remove("/output_gradients").remove("/masks");
  };
  samples_.write(folder / "good.h5", 0, 5, strip_more);
  expect_bad({"good.h5", "neither /inputs nor /output_gradients"}, strip_more);
}

TEST_F(RefusedSamples, BlocksOfWhatIsNoVector) {
  job.samples = {folder / "good.h5"};
  job.block = "weight|bias";
  expect_refused(ExitCode::usage, {"--block 'weight|bias'", "'q.weight'", "[4, 5]"});
  job.block = "nothing";
  expect_refused(ExitCode::usage, {"--block 'nothing' is found in no tensor"});
  job.block = "(";
  expect_refused(ExitCode::usage, {"--block '('"});
}

TEST_F(RefusedSamples, JobsThatMakeNoSense) {
  job.samples = {folder / "good.h5"};
  job.dtype = DType::bf16;
  expect_refused(ExitCode::usage, {"float32 or float64"});
  job.dtype.reset();
  job.output = folder / "model";
  expect_refused(ExitCode::usage, {"model"});
  job.output = out;
  job.samples.clear();
  expect_refused(ExitCode::usage, {"either of samples or of a model"});
  job.samples = {folder / "missing.h5"};
  expect_refused(ExitCode::input, {"missing.h5"});
  job.samples = {folder / "good.h5"};
  job.model = (folder / "nowhere").string();
  expect_refused(ExitCode::input, {"nowhere"});
}

TEST_F(RefusedSamples, ADiskThatFailsNamesTheFileAndLeavesNothing) {
  job.samples = {folder / "good.h5"};
  const std::vector<std::string> before = listing();
  set_fault_plan("write:enospc:bytes=500");
  try {
    static_cast<void>(collect());
    ADD_FAILURE() << "a full disk went unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::system_io) << error.what();
  }
  set_fault_plan("");
  EXPECT_EQ(listing(), before);
}

}  // namespace
}  // namespace stockpot::engine
