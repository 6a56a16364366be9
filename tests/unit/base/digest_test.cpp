#include "stockpot/base/digest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot {
namespace {

TEST(Digest, IsXxh3WithCanonicalByteOrder) {
  // Published test value: XXH3-128 of the empty input.
  EXPECT_EQ(digest_of(std::string_view{}).hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(Digest, StreamedInAnyPiecesIsTheDigestOfTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 31 % 251);
  for (const std::size_t piece : {1u, 7u, 240u, 1024u, 5000u}) {
    Digester digester;
    for (std::size_t begin = 0; begin < text.size(); begin += piece) {
      digester.add(std::string_view(text).substr(begin, piece));
    }
    EXPECT_EQ(digester.finish(), digest_of(std::string_view(text))) << piece;
  }
}

TEST(Digest, FinishLeavesTheStreamOpenAndResetEmptiesIt) {
  Digester digester;
  digester.add(std::string_view("ab"));
  EXPECT_EQ(digester.finish(), digest_of(std::string_view("ab")));
  digester.add(std::string_view("c"));
  EXPECT_EQ(digester.finish(), digest_of(std::string_view("abc")));
  digester.reset();
  EXPECT_EQ(digester.finish(), digest_of(std::string_view{}));
}

TEST(Digest, HexAndBack) {
  const Digest digest = digest_of(std::string_view("stockpot"));
  EXPECT_EQ(digest.hex().size(), 32u);
  EXPECT_EQ(Digest::from_hex(digest.hex()), digest);
  EXPECT_NE(digest, digest_of(std::string_view("Stockpot")));
}

TEST(Digest, RefusesWhatIsNoDigest) {
  const std::string good = digest_of(std::string_view("x")).hex();
  for (const std::string& text :
       {std::string(), good.substr(1), good + "0", "G" + good.substr(1), "A" + good.substr(1)}) {
    try {
      Digest::from_hex(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::input);
    }
  }
}

TEST(Digest, TensorIsTheDigestOfItsBlocksDigests) {
  const std::vector<Digest> blocks{digest_of(std::string_view("one")), digest_of(std::string_view("two"))};
  std::string bytes;
  for (const Digest& block : blocks) bytes.append(block.bytes.begin(), block.bytes.end());
  EXPECT_EQ(tensor_digest(blocks), digest_of(std::string_view(bytes)));
  EXPECT_EQ(tensor_digest({}), digest_of(std::string_view{}));
  EXPECT_EQ(digest_blocks(0), 0u);
  EXPECT_EQ(digest_blocks(1), 1u);
  EXPECT_EQ(digest_blocks(digest_block_bytes), 1u);
  EXPECT_EQ(digest_blocks(digest_block_bytes + 1), 2u);
}

}  // namespace
}  // namespace stockpot
