#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// A finished unit: digests of the output's blocks, then of the blocks of each input that the task digests,
/// in order. Columns of a row each hold the parts that passed through them; the rest is empty.
struct UnitRecord {
  std::uint32_t task = 0;
  std::uint64_t unit = 0;
  std::vector<Digest> output;
  std::vector<std::vector<Digest>> inputs;  ///< one entry per digested input
};

/// Name of a unit in journals, equal for any number of ranks.
std::uint64_t unit_key(std::uint32_t task, std::uint64_t unit);

/// Name of a scope's survey in journals; no unit has it.
std::uint64_t survey_key(std::uint32_t scope);

/// Number of blocks that a unit's output and each digested input have.
struct UnitBlocks {
  std::uint64_t output = 0;
  std::vector<std::uint64_t> inputs;
};
UnitBlocks unit_blocks(const plan::MergePlan& plan, const plan::ModelSet& models, std::uint32_t task,
                       std::uint64_t unit);

/// Inputs whose digests a task yields, in the order of UnitRecord::inputs.
std::vector<plan::InputRef> digested_inputs(const plan::TensorTask& task);

/// Journal payload and back; `from_journal` returns false when the number of digests does not fit the unit.
std::vector<Digest> to_journal(const UnitRecord& record);
bool from_journal(const UnitBlocks& blocks, const std::vector<Digest>& digests, UnitRecord& record);

/// Exact bytes of many records, for sending.
std::string serialize(const std::vector<UnitRecord>& records);
std::vector<UnitRecord> deserialize_records(std::string_view bytes);

}  // namespace stockpot::engine
