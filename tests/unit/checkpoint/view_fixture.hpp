#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "stockpot/checkpoint/view.hpp"
#include "stockpot/tensor/convert.hpp"
#include "support/checkpoint_builder.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::checkpoint {

inline recipe::NameRule rule(std::vector<std::string> from, std::vector<std::string> to,
                             std::uint64_t dim = 0, std::vector<std::uint64_t> sizes = {}) {
  recipe::NameRule out;
  out.from = std::move(from);
  out.to = std::move(to);
  out.dim = dim;
  out.sizes = std::move(sizes);
  return out;
}

/// Elements [first, first + count) of a view of a mergeable type.
inline std::vector<double> read_doubles(const ViewReader& reader, const TensorView& view, std::uint64_t first,
                                        std::uint64_t count) {
  std::vector<std::byte> bytes(count * static_cast<std::uint64_t>(stockpot::bytes(view.dtype)));
  reader.read(view, first, count, bytes.data());
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = load_as_double(view.dtype, bytes.data(), i);
  return values;
}

class Views : public testing::Test {
 protected:
  const Checkpoint& write(const test::CheckpointBuilder& builder, std::uint64_t shard_bytes = 200) {
    const std::filesystem::path folder = folder_ / std::to_string(models_++);
    builder.write(folder, shard_bytes);
    std::vector<std::string> warnings;
    checkpoint_ = open_checkpoint(folder, "the-model", warnings);
    EXPECT_TRUE(warnings.empty());
    return checkpoint_;
  }
  std::vector<TensorView> views(const std::vector<recipe::NameRule>& rules = {}) const {
    return make_views(checkpoint_, rules, "the-name");
  }
  [[nodiscard]] std::vector<double> values(const TensorView& view) const {
    return read_doubles(ViewReader(checkpoint_), view, 0, view.elements());
  }
  static std::vector<std::string> names(const std::vector<TensorView>& views) {
    std::vector<std::string> out;
    for (const TensorView& view : views) out.push_back(view.name);
    return out;
  }

  test::TemporaryFolder folder_;
  Checkpoint checkpoint_;
  int models_ = 0;
};

}  // namespace stockpot::checkpoint
