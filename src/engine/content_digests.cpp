#include "engine/content_digests.hpp"

#include <algorithm>
#include <utility>

#include "engine/block_digester.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/model_digest.hpp"
#include "stockpot/comm/agreement.hpp"

namespace stockpot::engine {
namespace {

/// Sends one rank's text to rank 0 at a time, so that rank 0 holds one rank's records at once.
template <typename Consume>
void gather_to_root(comm::Communicator& world, const std::string& mine, Consume consume) {
  constexpr int tag = 71;
  constexpr std::string_view what = "digests of the finished units";
  if (!world.is_root()) {
    std::uint64_t size = mine.size();
    world.start_send(std::as_bytes(std::span(&size, 1)), 0, tag, what)->wait();
    world.start_send(std::as_bytes(std::span(mine)), 0, tag, what)->wait();
    return;
  }
  consume(mine);
  for (int rank = 1; rank < world.size(); ++rank) {
    std::uint64_t size = 0;
    world.start_receive(std::as_writable_bytes(std::span(&size, 1)), rank, tag, what)->wait();
    std::string theirs(size, '\0');
    world.start_receive(std::as_writable_bytes(std::span(theirs)), rank, tag, what)->wait();
    consume(theirs);
  }
}

/// Block digests of every tensor, filled unit by unit in any order.
class BlockTable {
 public:
  void put(std::uint64_t tensor, std::uint64_t first_block, std::uint64_t blocks,
           const std::vector<Digest>& digests) {
    if (digests.empty()) return;
    auto& list = table_[tensor];
    if (list.size() < blocks) list.resize(blocks);
    std::copy(digests.begin(), digests.end(), list.begin() + static_cast<std::ptrdiff_t>(first_block));
  }
  [[nodiscard]] Digest digest_of(std::uint64_t tensor) const { return tensor_digest(blocks_of(tensor)); }
  [[nodiscard]] std::vector<Digest> blocks_of(std::uint64_t tensor) const {
    const auto found = table_.find(tensor);
    return found == table_.end() ? std::vector<Digest>{} : found->second;
  }

 private:
  std::map<std::uint64_t, std::vector<Digest>> table_;
};

std::uint64_t stored_index(const plan::TensorTask& task, const plan::ModelSet& models,
                           const plan::InputRef& input) {
  const std::uint64_t stored = task.kind == plan::TaskKind::digest
                                   ? input.view
                                   : models[input.model].views[input.view].parts.front().tensor;
  return std::uint64_t{input.model} << 32 | stored;
}

/// Digest of a tensor that several tasks made, `head` the first of them: the others' blocks don't begin where
/// the tensor's do, so the tensor is read back from there on.
Digest joined_digest(Job& job, const plan::TensorTask& head, std::vector<Digest> blocks) {
  const std::uint64_t size = tensor_bytes(head.dtype, head.tensor_shape()).value_or(0);
  std::uint64_t done = size - plan::undigested_bytes(head);
  blocks.resize(done / digest_block_bytes);
  const MemoryBudget::Token scratch = job.budget.acquire(job.plan.buffers.bytes_per_lane);
  BlockDigester digester;
  while (done < size) {
    const std::span<std::byte> part(scratch.data(), std::min<std::uint64_t>(size - done, scratch.size()));
    job.output->read(head.file, head.offset + done, part);
    job.counters.read_bytes += part.size();
    digester.add(part);
    done += part.size();
  }
  const std::vector<Digest> rest = digester.take();
  blocks.insert(blocks.end(), rest.begin(), rest.end());
  return tensor_digest(blocks);
}

ContentDigests digests_of(Job& job, const BlockTable& outputs, const BlockTable& stored) {
  ContentDigests digests;
  std::vector<bool> contributes(job.models.size(), false);
  for (std::uint32_t t = 0; t < job.plan.tasks.size(); ++t) {
    const plan::TensorTask& task = job.plan.tasks[t];
    for (const plan::InputRef& input : plan::all_inputs(task)) {
      contributes[input.model] = !job.models[input.model].statistics_of;
    }
    digests.output.push_back(plan::undigested_bytes(task) == 0
                                 ? outputs.digest_of(t)
                                 : joined_digest(job, task, outputs.blocks_of(t)));
  }
  for (std::uint64_t m = 0; m < job.models.size(); ++m) {
    const checkpoint::Checkpoint& headers = job.models[m].checkpoint;
    std::vector<Digest> tensors;
    for (std::uint64_t t = 0; t < headers.tensors.size(); ++t)
      tensors.push_back(stored.digest_of(m << 32 | t));
    digests.model_digest.push_back(contributes[m] ? checkpoint::model_digest(headers, tensors).hex() : "");
  }
  return digests;
}

void check_statistics(const plan::ModelSet& models, const ContentDigests& digests) {
  for (const plan::Model& statistics : models) {
    if (!statistics.statistics_of) continue;
    const std::string& own = digests.model_digest[*statistics.statistics_of];
    if (own.empty() || own == statistics.checkpoint.statistics_digest) continue;
    throw Error(ExitCode::input,
                "is of another model: its model_digest is " + statistics.checkpoint.statistics_digest +
                    ", that of " + quote(statistics.name) + " is " + own,
                {statistics.checkpoint.files.front().path.string(), ""});
  }
}

}  // namespace

ContentDigests gather_digests(comm::Communicator& world, Job& job) {
  BlockTable outputs;
  BlockTable stored;
  const auto consume = [&](const std::string& bytes) {
    for (const UnitRecord& record : deserialize_records(bytes)) {
      const plan::TensorTask& task = job.plan.tasks[record.task];
      const std::uint64_t unit_length = plan::unit_elements(task, job.models);
      const auto place = [&](BlockTable& table, std::uint64_t tensor, std::uint64_t element_bytes,
                             const std::vector<Digest>& digests) {
        table.put(tensor, record.unit * unit_length * element_bytes / digest_block_bytes,
                  digest_blocks(task.elements * element_bytes), digests);
      };
      place(outputs, record.task, plan::output_element_bytes(task), record.output);
      const std::vector<plan::InputRef> inputs = digested_inputs(task);
      for (std::size_t i = 0; i < inputs.size() && i < record.inputs.size(); ++i) {
        place(stored, stored_index(task, job.models, inputs[i]),
              plan::read_bytes_per_element(task, job.models, inputs[i]), record.inputs[i]);
      }
    }
  };
  gather_to_root(world, serialize(job.records()), consume);
  ContentDigests digests;
  comm::agree_after(world, "digests of the output", [&] {
    if (!world.is_root()) return;
    digests = digests_of(job, outputs, stored);
    check_statistics(job.models, digests);
  });
  return digests;
}

}  // namespace stockpot::engine
