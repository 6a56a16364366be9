#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/row_source.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/io/data_file.hpp"
#include "stockpot/probe/probe.hpp"

namespace stockpot::engine {

/// A model that is run on labelled data.
struct ProbedData {
  std::unique_ptr<probe::Probe> model;
  io::DataFile data;
  probe::LabelChoice labels;

  /// Most examples that are read and shown to the model at once.
  static constexpr std::uint64_t batch_examples = 512;
  /// Bytes of such a batch, about.
  [[nodiscard]] std::uint64_t batch_bytes() const;
  /// Calls `use(batch)` for examples [first, first + count), in order.
  template <typename Use>
  void for_each_batch(std::uint64_t first, std::uint64_t count, const Use& use) const;
};

/// What a model shows as rows, found by running it anew for every reading: a backend's rows of one example
/// are the same in every batch. Rows that stand for one class each are times the root of its probability.
class ProbeRows final : public RowSource {
 public:
  enum class Shown { layer_inputs, output_gradients, parameter_gradients };

  /// Of module or parameter `index`. @pre `probed` outlives this
  ProbeRows(const ProbedData& probed, Shown shown, std::size_t index);

  [[nodiscard]] std::uint64_t rows() const override { return probed_.data.examples() * rows_per_example_; }
  [[nodiscard]] std::uint64_t width() const override { return width_; }
  void read(std::uint64_t first, std::uint64_t count, std::vector<double>& values) const override;
  [[nodiscard]] std::uint64_t read_workspace_bytes(std::uint64_t count) const override;

 private:
  void show(const probe::Batch& batch, std::vector<double>& values) const;

  const ProbedData& probed_;
  Shown shown_;
  std::size_t index_;
  std::uint64_t width_ = 0;
  std::uint64_t rows_per_example_ = 1;
};

template <typename Use>
void ProbedData::for_each_batch(std::uint64_t first, std::uint64_t count, const Use& use) const {
  std::vector<double> inputs;
  std::vector<std::int64_t> true_labels;
  for (std::uint64_t done = 0; done < count; done += batch_examples) {
    const std::uint64_t examples = std::min(batch_examples, count - done);
    inputs.resize(static_cast<std::size_t>(examples * data.input_elements()));
    true_labels.resize(static_cast<std::size_t>(examples));
    data.read(first + done, inputs, true_labels);
    const probe::Batch batch{
        .first_example = first + done, .examples = examples, .inputs = inputs, .labels = true_labels};
    try {
      use(batch);
    } catch (const Error& error) {
      if (!error.subject().file.empty()) throw;
      throw Error(error.code(), error.what(), {data.path().string(), error.subject().tensor});
    }
  }
}

}  // namespace stockpot::engine
