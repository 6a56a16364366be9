#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "expect_error.hpp"
#include "view_fixture.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;
using test::CheckpointBuilder;

using Reader = Views;

TEST_F(Reader, ReadsFromManyThreadsAtOnce) {
  CheckpointBuilder builder;
  for (int i = 0; i < 8; ++i)
    builder.add_random(std::to_string(i) + "t", DType::f32, {64, 32}, 100U + static_cast<unsigned>(i));
  write(builder, 1);
  const auto all = views({rule({"(.*)"}, {R"(\1.a)", R"(\1.b)"}, 1)});
  std::vector<std::vector<double>> expected;
  for (const TensorView& view : all) expected.push_back(values(view));

  const ViewReader reader(checkpoint_);
  std::vector<int> failures(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < failures.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::size_t at = (i + thread * 2) % all.size();
        if (read_doubles(reader, all[at], 0, all[at].elements()) != expected[at]) ++failures[thread];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(failures, testing::Each(0));
}

TEST_F(Reader, JoinsReadsThatTouch) {
  write(CheckpointBuilder().add_random("t", DType::f32, {64, 8}, 1));
  const auto halves = views({rule({"t"}, {"a", "b"}, 1)});
  const auto whole = views({rule({"t"}, {"a", "b"}, 1), rule({"a", "b"}, {"t"}, 1)});
  const ViewReader reader(checkpoint_);

  const std::uint64_t before = io::transfer_counters().read_bytes;
  read_doubles(reader, halves[0], 0, halves[0].elements());
  EXPECT_EQ(io::transfer_counters().read_bytes - before, 64U * 4 * 4);
  EXPECT_TRUE(whole[0].is_plain());
}

TEST_F(Reader, GivesStoredBytes) {
  CheckpointBuilder builder;
  builder.add_random("a", DType::i16, {5}, 1).add_random("b", DType::bf16, {100}, 2);
  write(builder);
  const ViewReader reader(checkpoint_);
  const StoredTensor& b = *checkpoint_.find("b");
  std::vector<std::byte> bytes(60);
  reader.read_stored(b, 13, bytes);
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), builder.tensor("b").bytes.begin() + 13));
}

TEST_F(Reader, RefusesRangesOutsideTheTensor) {
  write(CheckpointBuilder().add("a", DType::f32, {4}, {1}));
  const ViewReader reader(checkpoint_);
  const TensorView view = views().front();
  std::vector<std::byte> bytes(64);
  EXPECT_THROW(reader.read(view, 2, 3, bytes.data()), std::out_of_range);
  EXPECT_THROW(reader.read(view, 5, ~std::uint64_t{0}, bytes.data()), std::out_of_range);
  EXPECT_THROW(reader.read_stored(checkpoint_.tensors[0], 10, std::span(bytes).first(7)), std::out_of_range);
  reader.read(view, 4, 0, nullptr);
}

TEST_F(Reader, NoticesFilesThatChange) {
  write(CheckpointBuilder().add_random("a", DType::f32, {1000}, 1), 8000);
  const fs::path path = checkpoint_.files[0].path;
  const fs::file_time_type time = fs::last_write_time(path);
  const ViewReader reader(checkpoint_);
  reader.check_unchanged();

  fs::last_write_time(path, time + std::chrono::milliseconds(1));
  expect_error(ExitCode::input, {path.string(), "changed"}, [&] { reader.check_unchanged(); });
  fs::last_write_time(path, time);
  reader.check_unchanged();

  fs::resize_file(path, fs::file_size(path) - 1);
  fs::last_write_time(path, time);
  expect_error(ExitCode::input, {path.string(), "changed"}, [&] { reader.check_unchanged(); });
  fs::remove(path);
  expect_error(ExitCode::input, {path.string(), "changed"}, [&] { reader.check_unchanged(); });
}

TEST_F(Reader, NamesFileAndTensorOfAReadThatFails) {
  write(CheckpointBuilder().add_random("a", DType::f32, {1000}, 1), 8000);
  const fs::path path = checkpoint_.files[0].path;
  const TensorView view = views().front();
  const ViewReader early(checkpoint_);
  read_doubles(early, view, 0, 1);
  fs::resize_file(path, fs::file_size(path) - 1000);

  expect_error(ExitCode::input, {path.string(), "tensor 'a'"}, [&] { read_doubles(early, view, 0, 1000); });
  const ViewReader late(checkpoint_);
  expect_error(ExitCode::input, {path.string(), "changed"}, [&] { read_doubles(late, view, 0, 1); });
}

}  // namespace
}  // namespace stockpot::checkpoint
