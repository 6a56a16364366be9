#include <gtest/gtest.h>

#include <random>

#include "expect_error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"

namespace stockpot::checkpoint {
namespace {

std::string random_bytes(std::mt19937_64& generator) {
  std::string text(generator() % 20, '\0');
  for (char& c : text) c = static_cast<char>(generator());
  return text;
}

Checkpoint random_checkpoint(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  Checkpoint checkpoint;
  checkpoint.reference = random_bytes(generator);
  checkpoint.folder = random_bytes(generator);
  checkpoint.config = random_bytes(generator);
  for (std::uint64_t i = generator() % 4 + 1; i > 0; --i) {
    const Digest sample = digest_of(random_bytes(generator));
    checkpoint.files.push_back(
        {random_bytes(generator), {generator(), static_cast<std::int64_t>(generator()), sample}});
  }
  for (std::uint64_t i = generator() % 10; i > 0; --i) {
    StoredTensor& tensor = checkpoint.tensors.emplace_back();
    tensor.name = random_bytes(generator);
    tensor.dtype = static_cast<DType>(generator() % dtype_count);
    for (std::uint64_t rank = generator() % 5; rank > 0; --rank) tensor.shape.push_back(generator());
    tensor.file = static_cast<std::uint32_t>(generator() % checkpoint.files.size());
    tensor.offset = generator();
    tensor.bytes = generator();
    checkpoint.aliases[random_bytes(generator)] = random_bytes(generator);
  }
  return checkpoint;
}

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.reference, b.reference);
  EXPECT_EQ(a.folder, b.folder);
  EXPECT_EQ(a.config, b.config);
  EXPECT_EQ(a.aliases, b.aliases);
  ASSERT_EQ(a.files.size(), b.files.size());
  for (std::size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].path, b.files[i].path);
    EXPECT_EQ(a.files[i].identity, b.files[i].identity);
  }
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].dtype, b.tensors[i].dtype);
    EXPECT_EQ(a.tensors[i].shape, b.tensors[i].shape);
    EXPECT_EQ(a.tensors[i].file, b.tensors[i].file);
    EXPECT_EQ(a.tensors[i].offset, b.tensors[i].offset);
    EXPECT_EQ(a.tensors[i].bytes, b.tensors[i].bytes);
  }
}

TEST(Serialize, KeepsEverythingWhateverTheBytes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Checkpoint checkpoint = random_checkpoint(seed);
    expect_equal(deserialize(serialize(checkpoint)), checkpoint);
  }
}

TEST(Serialize, RefusesEveryCutText) {
  const std::string text = serialize(random_checkpoint(7));
  for (std::size_t size = 0; size < text.size(); ++size) {
    expect_error(ExitCode::communication, {"broken"}, [&] { deserialize(text.substr(0, size)); });
  }
  expect_error(ExitCode::communication, {"broken"}, [&] { deserialize(text + "x"); });
}

TEST(Serialize, SurvivesEveryChangedByte) {
  const std::string text = serialize(random_checkpoint(8));
  int refused = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'\0', '9', ' ', '-', '\xff'}) {
      std::string changed = text;
      changed[at] = c;
      try {
        deserialize(changed);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::communication);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace stockpot::checkpoint
