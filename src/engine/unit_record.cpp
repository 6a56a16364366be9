#include "engine/unit_record.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "stockpot/base/error.hpp"

namespace stockpot::engine {
namespace {

std::uint64_t blocks_of(std::uint64_t bytes) {
  return digest_blocks(bytes);
}

void put(std::string& out, std::uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put(std::string& out, const std::vector<Digest>& digests) {
  put(out, digests.size());
  out.append(reinterpret_cast<const char*>(digests.data()), digests.size() * sizeof(Digest));
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    copy(&value, sizeof value);
    return value;
  }
  std::vector<Digest> digests() {
    const std::uint64_t count = number();
    if (count > bytes_.size() / sizeof(Digest))
      throw Error(ExitCode::communication, "a message of unit records is cut short");
    std::vector<Digest> list(count);
    copy(list.data(), count * sizeof(Digest));
    return list;
  }

 private:
  void copy(void* to, std::size_t size) {
    if (size > bytes_.size()) throw Error(ExitCode::communication, "a message of unit records is cut short");
    if (size > 0) std::memcpy(to, bytes_.data(), size);
    bytes_.remove_prefix(size);
  }
  std::string_view bytes_;
};

}  // namespace

std::uint64_t unit_key(std::uint32_t task, std::uint64_t unit) {
  return std::uint64_t{task} << 32 | unit;
}

std::uint64_t survey_key(std::uint32_t scope) {
  // There is no last task.
  return unit_key(std::numeric_limits<std::uint32_t>::max(), scope);
}

std::vector<plan::InputRef> digested_inputs(const plan::TensorTask& task) {
  std::vector<plan::InputRef> inputs = plan::all_inputs(task);
  std::erase_if(inputs, [](const plan::InputRef& input) { return !input.digests; });
  return inputs;
}

UnitBlocks unit_blocks(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint32_t task,
                       std::uint64_t unit) {
  const plan::TensorTask& work = plan.tasks[task];
  const std::uint64_t length = plan::unit_elements(work, models);
  const std::uint64_t first = std::min(work.elements, unit * length);
  const std::uint64_t elements = std::min(length, work.elements - first);
  UnitBlocks blocks;
  blocks.output = blocks_of(elements * plan::output_element_bytes(work));
  for (const plan::InputRef& input : digested_inputs(work)) {
    blocks.inputs.push_back(blocks_of(elements * plan::read_bytes_per_element(work, models, input)));
  }
  return blocks;
}

std::vector<Digest> to_journal(const UnitRecord& record) {
  std::vector<Digest> digests = record.output;
  for (const auto& input : record.inputs) digests.insert(digests.end(), input.begin(), input.end());
  return digests;
}

bool from_journal(const UnitBlocks& blocks, const std::vector<Digest>& digests, UnitRecord& record) {
  const std::uint64_t wanted = std::accumulate(blocks.inputs.begin(), blocks.inputs.end(), blocks.output);
  if (digests.size() != wanted) return false;
  auto next = digests.begin();
  const auto take = [&next](std::uint64_t count) {
    const auto begin = next;
    next += static_cast<std::ptrdiff_t>(count);
    return std::vector<Digest>(begin, next);
  };
  record.output = take(blocks.output);
  record.inputs.clear();
  for (const std::uint64_t count : blocks.inputs) record.inputs.push_back(take(count));
  return true;
}

std::string serialize(const std::vector<UnitRecord>& records) {
  std::string out;
  for (const UnitRecord& record : records) {
    put(out, record.task);
    put(out, record.unit);
    put(out, record.output);
    put(out, record.inputs.size());
    for (const auto& input : record.inputs) put(out, input);
  }
  return out;
}

std::vector<UnitRecord> deserialize_records(std::string_view bytes) {
  std::vector<UnitRecord> records;
  Reader reader(bytes);
  while (!reader.at_end()) {
    UnitRecord record;
    record.task = static_cast<std::uint32_t>(reader.number());
    record.unit = reader.number();
    record.output = reader.digests();
    const std::uint64_t inputs = reader.number();
    for (std::uint64_t i = 0; i < inputs; ++i) record.inputs.push_back(reader.digests());
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace stockpot::engine
