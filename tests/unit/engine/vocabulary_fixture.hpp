#pragma once

#include <algorithm>

#include "merge_fixture.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// Models whose vocabularies differ in size.
class Vocabulary : public MergeFixture {
 protected:
  static CheckpointBuilder model(std::uint64_t rows, std::uint64_t seed, std::uint64_t columns = 8) {
    CheckpointBuilder builder;
    builder.add_random("model.embed_tokens.weight", DType::bf16, {rows, columns}, seed);
    builder.add_random("model.layers.0.mlp.weight", DType::f32, {6, 5}, seed + 1);
    builder.add_random("lm_head.weight", DType::f32, {rows, columns}, seed + 2);
    builder.add_random("lm_head.bias", DType::f32, {rows}, seed + 3);
    builder.config(R"({"vocab_size": )" + std::to_string(rows) + R"(, "hidden_size": 8})");
    return builder;
  }
  [[nodiscard]] std::uint64_t vocab_size() const {
    return nlohmann::json::parse(read_file(out / "config.json"))["vocab_size"];
  }

  /// Digests in the manifest are those of the tensors as they stand in the output.
  void expect_digests_hold() const {
    const OutputTensors tensors = read_tensors(out);
    for (const auto& [name, entry] : manifest()["tensors"].items()) {
      std::vector<Digest> blocks;
      const std::span<const std::byte> bytes = tensors.at(name).bytes;
      for (std::uint64_t first = 0; first < bytes.size(); first += digest_block_bytes) {
        blocks.push_back(digest_of(
            bytes.subspan(first, std::min<std::uint64_t>(digest_block_bytes, bytes.size() - first))));
      }
      EXPECT_EQ(entry["digest"], tensor_digest(blocks).hex()) << name;
      EXPECT_EQ(entry["shape"].get<Shape>(), tensors.at(name).shape) << name;
    }
  }

  /// The same folder on other grids and by either exchange. `is_linear`: the method's results are running
  /// sums over models, which ranks can pass on, and the forecast of what is read is exact.
  void expect_same_on_every_grid(std::uint64_t models, bool is_linear = true) {
    using plan::Exchange;
    set_grid(1, 1);
    merge();
    expect_digests_hold();
    const auto reference = read_folder(out);
    const auto expect_same = [&](std::uint64_t rows, std::uint64_t columns,
                                 std::optional<Exchange> exchange) {
      SCOPED_TRACE(fmt::format("{} x {}{}", rows, columns,
                               !exchange                      ? ""
                               : *exchange == Exchange::tiles ? " by tiles"
                                                              : " by sums"));
      set_grid(rows, columns);
      options.plan.exchange = exchange;
      std::filesystem::remove_all(out);
      merge();
      if (is_linear) expect_forecast_holds();
      EXPECT_TRUE(read_folder(out) == reference);
    };
    for (const std::uint64_t rows : {1U, 2U, 3U}) expect_same(rows, 1, std::nullopt);
    std::vector<plan::GridShape> grids{{1, 2}, {2, 2}};
    if (models > 2) grids.insert(grids.end(), {{1, models}, {3, models}});
    for (const plan::GridShape& grid : grids) {
      expect_same(grid.rows, grid.columns, Exchange::tiles);
      if (is_linear) expect_same(grid.rows, grid.columns, Exchange::sums);
    }
    options.plan.exchange.reset();
    set_grid(1, 1);
  }
};

}  // namespace stockpot::engine
