#include "engine/tile_exchange.hpp"

#include <algorithm>
#include <array>

#include "engine/unit_io.hpp"

namespace stockpot::engine {
namespace {

constexpr int tile_tag = 81;
constexpr int sum_tag = 82;
constexpr int output_tag = 83;
constexpr int digest_tag = 84;
constexpr int soundness_tag = 85;

}  // namespace

TileExchange::TileExchange(comm::Communicator& row, Job& job)
    : row_(row), job_(job), column_(static_cast<std::uint64_t>(row.rank())) {}

bool TileExchange::by_sums(const GridStep& step) const {
  return !step.surveys && plan::passes_sums(job_.plan, step.task);
}

void TileExchange::send(TileSlot& slot, std::span<const std::byte> bytes, std::uint64_t to, int tag) {
  if (bytes.empty()) return;
  slot.sending.push_back(row_.start_send(bytes, static_cast<int>(to), tag, "tiles of a row"));
  job_.counters.exchanged_bytes += bytes.size();
}

void TileExchange::receive(std::span<std::byte> bytes, std::uint64_t from, int tag) {
  if (bytes.empty()) return;
  row_.start_receive(bytes, static_cast<int>(from), tag, "tiles of a row")->wait();
}

std::vector<std::uint64_t> TileExchange::holders(const std::vector<plan::InputRef>& inputs) const {
  std::vector<std::uint64_t> columns;
  for (const plan::InputRef& input : inputs) columns.push_back(job_.plan.column_of_model[input.model]);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

void TileExchange::blank(TileSlot& slot) const {
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  for (std::size_t i = 0; i < slot.inputs.size(); ++i) {
    if (!is_mine(slot.inputs[i])) continue;
    std::fill_n(slot.input_data[i], tile_bytes(task, job_.models, slot.inputs[i], slot.step.tile.covered()),
                std::byte{0});
  }
}

void TileExchange::exchange_tiles(TileSlot& slot) {
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  for (std::size_t i = 0; i < slot.inputs.size(); ++i) {
    const std::span<std::byte> bytes{slot.input_data[i],
                                     tile_bytes(task, job_.models, slot.inputs[i], slot.step.tile.covered())};
    if (is_mine(slot.inputs[i])) {
      if (!is_owner(slot.step)) send(slot, bytes, slot.step.owner, tile_tag);
    } else if (is_owner(slot.step)) {
      receive(bytes, job_.plan.column_of_model[slot.inputs[i].model], tile_tag);
    }
  }
}

void TileExchange::spread_anchor(TileSlot& slot, const std::vector<std::uint64_t>& columns) {
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  if (!task.anchor) return;
  const std::uint64_t home = job_.plan.column_of_model[task.anchor->model];
  const std::span<std::byte> bytes{slot.input_data[task.inputs.size()],
                                   tile_bytes(task, job_.models, *task.anchor, slot.step.tile.count)};
  for (const std::uint64_t column : columns) {
    if (column == home) continue;
    if (column_ == home) send(slot, bytes, column, tile_tag);
    if (column_ == column) receive(bytes, home, tile_tag);
  }
}

std::vector<kernel::TypedInput> TileExchange::inputs_here(const TileSlot& slot) const {
  std::vector<kernel::TypedInput> inputs(slot.tile.inputs.begin(), slot.tile.inputs.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_mine(slot.inputs[i])) inputs[i].data = nullptr;
  }
  return inputs;
}

void TileExchange::compute_sums(TileSlot& slot, bool finishes) {
  const Stopwatch watch(job_.counters.compute_nanoseconds);
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  const kernel::LinearForm& form = *slot.pass->linear_form();
  const auto is_here = [this](const plan::InputRef& input) { return is_mine(input); };
  const auto begin = std::find_if(task.inputs.begin(), task.inputs.end(), is_here);
  const auto end = std::find_if_not(begin, task.inputs.end(), is_here);
  const auto first = static_cast<std::size_t>(begin - task.inputs.begin());
  const auto* const sums = reinterpret_cast<const std::byte*>(slot.sums.data());
  kernel::add_to_running_sum(form, first,
                             slot.tile.inputs.subspan(first, static_cast<std::size_t>(end - begin)),
                             slot.tile.anchor, slot.sums);
  // Who holds the bad value must name it: the column that finishes sees only that the sum is spoilt.
  method::Tile here = slot.tile;
  const std::vector<kernel::TypedInput> inputs = inputs_here(slot);
  here.inputs = inputs;
  if (finishes) {
    check_finite(job_, task, here,
                 kernel::finish_running_sum(form, slot.sums, slot.tile.anchor, slot.tile.output));
  } else if (job_.options.nonfinite == NonfinitePolicy::error &&
             kernel::count_nonfinite({DType::f64, sums}, slot.sums.size()) > 0) {
    refuse_nonfinite_inputs(job_, task, here);
  }
}

std::exception_ptr TileExchange::exchange_sums(TileSlot& slot, bool healthy) {
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  const std::vector<std::uint64_t> columns = holders(task.inputs);
  const std::uint64_t last = columns.back();
  const auto me = std::find(columns.begin(), columns.end(), column_);
  const auto sums = std::as_writable_bytes(slot.sums);
  const std::span<std::byte> output{slot.tile.output.data,
                                    slot.step.tile.count * plan::output_element_bytes(task)};
  std::exception_ptr failure;
  spread_anchor(slot, columns);
  if (me != columns.end()) {
    if (me != columns.begin()) receive(sums, *(me - 1), sum_tag);
    if (!healthy && me == columns.begin()) std::fill(slot.sums.begin(), slot.sums.end(), 0.0);
    try {
      if (healthy) compute_sums(slot, column_ == last);
    } catch (...) {
      failure = std::current_exception();
    }
    if (column_ != last) send(slot, sums, *(me + 1), sum_tag);
  }
  if (last != slot.step.owner) {
    if (column_ == last) send(slot, output, slot.step.owner, output_tag);
    if (is_owner(slot.step)) receive(output, last, output_tag);
  }
  return failure;
}

void TileExchange::exchange_digests(TileSlot& slot, std::vector<std::vector<Digest>> mine) {
  const plan::TensorTask& task = job_.plan.tasks[slot.step.task];
  const UnitBlocks blocks = unit_blocks(job_.plan, job_.models, slot.step.task, slot.step.unit);
  const std::vector<plan::InputRef> digested = digested_inputs(task);
  for (std::size_t i = 0; i < digested.size(); ++i) {
    mine[i].resize(blocks.inputs[i]);
    const auto bytes = std::as_writable_bytes(std::span(mine[i]));
    if (is_mine(digested[i]) && !is_owner(slot.step)) {
      if (!bytes.empty()) {
        row_.start_send(bytes, static_cast<int>(slot.step.owner), digest_tag, "digests of a row")->wait();
      }
    } else if (is_owner(slot.step) && !is_mine(digested[i])) {
      receive(bytes, job_.plan.column_of_model[digested[i].model], digest_tag);
    }
  }
  if (is_owner(slot.step)) slot.unit_inputs = std::move(mine);
}

void TileExchange::exchange_soundness(TileSlot& slot, bool healthy) {
  slot.is_sound = healthy;
  for (const std::uint64_t column : holders(slot.inputs)) {
    if (column == slot.step.owner) continue;
    std::array<std::byte, 1> sound{healthy ? std::byte{1} : std::byte{0}};
    if (column == column_) {
      row_.start_send(sound, static_cast<int>(slot.step.owner), soundness_tag, "digests of a row")->wait();
    } else if (is_owner(slot.step)) {
      receive(sound, column, soundness_tag);
      slot.is_sound = slot.is_sound && sound.front() == std::byte{1};
    }
  }
}

}  // namespace stockpot::engine
