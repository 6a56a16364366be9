#include "stockpot/engine/content_scan.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "stockpot/checkpoint/model_digest.hpp"
#include "stockpot/checkpoint/view.hpp"
#include "stockpot/comm/agreement.hpp"
#include "stockpot/engine/sweep.hpp"
#include "stockpot/engine/zero_count.hpp"

namespace stockpot::engine {
namespace {

constexpr std::uint64_t tile_bytes = std::uint64_t{1} << 20;
static_assert(digest_block_bytes % tile_bytes == 0);

struct BlockContent {
  Digest digest;
  std::uint64_t zeros = 0;
};

/// One thread's buffer, and what it does to a digest block.
class BlockScanner {
 public:
  BlockScanner(const checkpoint::ViewReader& reader, Scan scan)
      : reader_(reader), scan_(scan), tile_(tile_bytes) {}

  BlockContent run(const checkpoint::StoredTensor& tensor, std::uint64_t block) {
    const bool counts = scan_ == Scan::digests_and_zeros && has_countable_zeros(tensor.dtype);
    const std::uint64_t begin = block * digest_block_bytes;
    const std::uint64_t end = std::min(begin + digest_block_bytes, tensor.bytes);
    BlockContent content;
    digester_.reset();
    for (std::uint64_t offset = begin; offset < end; offset += tile_bytes) {
      const std::span<std::byte> bytes(tile_.data(), std::min(tile_bytes, end - offset));
      reader_.read_stored(tensor, offset, bytes);
      digester_.add(std::span<const std::byte>(bytes));
      if (counts) content.zeros += count_zeros(tensor.dtype, bytes);
    }
    content.digest = digester_.finish();
    return content;
  }

 private:
  const checkpoint::ViewReader& reader_;
  Scan scan_;
  std::vector<std::byte> tile_;
  Digester digester_;
};

}  // namespace

std::vector<std::uint32_t> by_place(const checkpoint::Checkpoint& model) {
  std::vector<std::uint32_t> order(model.tensors.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&model](std::uint32_t a, std::uint32_t b) {
    const checkpoint::StoredTensor& first = model.tensors[a];
    const checkpoint::StoredTensor& second = model.tensors[b];
    return std::tie(first.file, first.offset) < std::tie(second.file, second.offset);
  });
  return order;
}

std::vector<TensorContent> scan_content(comm::Communicator& world, const checkpoint::Checkpoint& model,
                                        Scan scan, const ReadOptions& options) {
  const std::vector<std::uint32_t> order = by_place(model);
  std::vector<SweepItem> items;
  items.reserve(order.size());
  for (const std::uint32_t t : order) items.push_back({model.tensors[t].bytes, digest_block_bytes});

  const checkpoint::ViewReader reader(model);
  const auto blocks = sweep<BlockContent>(world, items, options, "reading the tensors", [&] {
    return [&, scanner = BlockScanner(reader, scan)](std::uint32_t item, std::uint64_t unit) mutable {
      return scanner.run(model.tensors[order[item]], unit);
    };
  });
  comm::agree_after(world, "end of reading", [&] { reader.check_unchanged(); });

  std::vector<TensorContent> contents(model.tensors.size());
  auto next = blocks.begin();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool counts = scan == Scan::digests_and_zeros && has_countable_zeros(model.tensors[order[i]].dtype);
    std::vector<Digest> digests;
    std::uint64_t zeros = 0;
    for (std::uint64_t block = 0; block < items[i].units(); ++block, ++next) {
      digests.push_back(next->digest);
      zeros += next->zeros;
    }
    contents[order[i]].digest = tensor_digest(digests);
    if (counts) contents[order[i]].zeros = zeros;
  }
  return contents;
}

Digest digest_model(comm::Communicator& world, const checkpoint::Checkpoint& model,
                    const ReadOptions& options) {
  std::vector<Digest> digests;
  for (const TensorContent& content : scan_content(world, model, Scan::digests, options)) {
    digests.push_back(content.digest);
  }
  return checkpoint::model_digest(model, digests);
}

}  // namespace stockpot::engine
