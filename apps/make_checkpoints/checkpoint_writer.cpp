#include "checkpoint_writer.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "stockpot/io/file.hpp"
#include "stockpot/io/hf_index.hpp"
#include "stockpot/io/safetensors.hpp"
#include "value_source.hpp"

namespace stockpot::make_checkpoints {

namespace {

constexpr std::uint64_t piece_bytes = std::uint64_t{4} << 20;

struct Shard {
  io::File file;
  io::SafetensorsLayout layout;
};

/// A run of bytes of one tensor, made and written by one thread.
struct Piece {
  const Shard* shard = nullptr;
  const io::TensorHeader* tensor = nullptr;
  std::uint64_t offset = 0;  ///< in the tensor
};

std::vector<std::vector<io::TensorHeader>> cut_into_shards(const std::vector<io::TensorHeader>& tensors,
                                                           std::uint64_t shard_bytes) {
  std::vector<std::vector<io::TensorHeader>> shards;
  std::uint64_t used_bytes = 0;
  for (const io::TensorHeader& tensor : tensors) {
    if (shards.empty() || used_bytes + tensor.bytes > shard_bytes) {
      shards.emplace_back();
      used_bytes = 0;
    }
    shards.back().push_back(tensor);
    used_bytes += tensor.bytes;
  }
  return shards;
}

void write_piece(const Piece& piece, const ValueSource& values, std::vector<std::byte>& buffer) {
  const auto element_bytes = static_cast<std::uint64_t>(bytes(piece.tensor->dtype));
  buffer.resize(std::min(piece_bytes, piece.tensor->bytes - piece.offset));
  values.fill(piece.tensor->dtype, piece.offset / element_bytes, buffer.size() / element_bytes, buffer);
  piece.shard->file.write_all(piece.tensor->offset + piece.offset, buffer);
}

/// Runs `work` on several threads and rethrows what one of them threw.
template <typename Work>
void run_on_threads(int threads, const Work& work) {
  std::exception_ptr failure;
  std::mutex mutex;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      try {
        work();
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
    });
  }
  workers.clear();  // joins
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

std::uint64_t write_checkpoint(const LlamaModel& model, std::uint64_t number,
                               const std::filesystem::path& folder, const WriteOptions& options) {
  std::filesystem::create_directories(folder);
  const auto groups = cut_into_shards(tensors_of(model), options.shard_bytes);
  std::map<std::string, std::string> weight_map;
  std::uint64_t total_bytes = 0;
  std::vector<Shard> shards;
  shards.reserve(groups.size());  // pieces point into it
  std::vector<Piece> pieces;
  for (const auto& group : groups) {
    const std::string name = io::shard_name(shards.size(), groups.size());
    shards.push_back(
        {io::File::open_to_write(folder / name), io::canonical_safetensors(group, {{"format", "pt"}})});
    const Shard& shard = shards.back();
    shard.file.resize(shard.layout.file_bytes);
    shard.file.write_all(0, std::as_bytes(std::span(shard.layout.header)));
    for (const io::TensorHeader& tensor : shard.layout.tensors) {
      weight_map[tensor.name] = name;
      total_bytes += tensor.bytes;
      for (std::uint64_t offset = 0; offset < tensor.bytes; offset += piece_bytes) {
        pieces.push_back({&shard, &tensor, offset});
      }
    }
  }

  std::atomic<std::size_t> next = 0;
  run_on_threads(options.threads, [&] {
    std::vector<std::byte> buffer;
    for (std::size_t i = next++; i < pieces.size(); i = next++) {
      write_piece(pieces[i], ValueSource(options.seed, pieces[i].tensor->name, number), buffer);
    }
  });

  if (groups.size() > 1) {
    const std::uint64_t parameters = total_bytes / static_cast<std::uint64_t>(bytes(model.dtype));
    io::write_text(folder / "model.safetensors.index.json",
                   io::hf_index_text(weight_map, total_bytes, parameters), false);
  }
  for (const CompanionFile& file : companion_files(model))
    io::write_text(folder / file.name, file.text, false);
  return total_bytes;
}

}  // namespace stockpot::make_checkpoints
