#include <fmt/format.h>

#include <algorithm>

#include "report/text_table.hpp"
#include "report/totals.hpp"
#include "stockpot/base/text.hpp"

namespace stockpot::report {
namespace {

using Align = TextTable::Align;

std::vector<std::size_t> natural_order(const checkpoint::Checkpoint& model) {
  std::vector<std::size_t> order(model.tensors.size());
  for (std::size_t t = 0; t < order.size(); ++t) order[t] = t;
  std::sort(order.begin(), order.end(), [&model](std::size_t a, std::size_t b) {
    return natural_less(model.tensors[a].name, model.tensors[b].name);
  });
  return order;
}

std::string tensor_table(const Inspection& found, Listing listing) {
  const checkpoint::Checkpoint& model = found.checkpoint;
  const bool has_content = !found.contents.empty();
  std::vector<std::string> heading{"tensor", "dtype", "shape", "size"};
  std::vector<Align> columns{Align::left, Align::left, Align::left, Align::right};
  if (has_content) {
    heading.insert(heading.end(), {"zeros", "digest"});
    columns.insert(columns.end(), {Align::right, Align::left});
  }
  TextTable table(heading, columns);
  for (const std::size_t t : natural_order(model)) {
    const checkpoint::StoredTensor& tensor = model.tensors[t];
    std::vector<std::string> cells{printable(tensor.name), std::string(name(tensor.dtype)),
                                   to_string(tensor.shape), format_size(tensor.bytes)};
    if (has_content) {
      Totals totals;
      totals.add(tensor, content_of(found, t));
      cells.push_back(percent(totals.sparsity()));
      cells.push_back(found.contents[t].digest.hex());
    }
    table.add(std::move(cells));
  }
  return table.text(listing);
}

std::vector<std::string> totals_cells(const Totals& totals) {
  return {with_commas(totals.tensors), with_commas(totals.elements), format_size(totals.bytes),
          percent(totals.sparsity())};
}

std::string dtype_table(const ModelTotals& totals) {
  TextTable table({"dtype", "tensors", "parameters", "size", "zeros"},
                  {Align::left, Align::right, Align::right, Align::right, Align::right});
  for (const auto& [dtype, sums] : totals.by_dtype) {
    std::vector<std::string> cells{dtype};
    for (std::string& cell : totals_cells(sums)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
  }
  return table.text(Listing::all);
}

std::string stack_table(const ModelTotals& totals) {
  TextTable table({"stack", "layers", "tensors", "parameters", "size", "zeros"},
                  {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  for (const auto& [stack, sums] : totals.by_stack) {
    const auto layers = totals.layers_of_stack.find(stack);
    const bool is_stack = layers != totals.layers_of_stack.end();
    std::vector<std::string> cells{is_stack ? printable(stack + "*") : "(no layer)",
                                   is_stack ? with_commas(layers->second) : "-"};
    for (std::string& cell : totals_cells(sums)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
  }
  return table.text(Listing::shortened);
}

/// What is known beside the tensors, one line each.
std::string remarks(const Inspection& found) {
  std::string text;
  for (const auto& [alias, stored] : found.checkpoint.aliases) {
    text += fmt::format("tied: {} is {}\n", printable(alias), printable(stored));
  }
  for (const auto& [key, value] : found.metadata) {
    text += fmt::format("metadata: {} = {}\n", printable(key), printable(value));
  }
  if (found.origin) {
    text += fmt::format("manifest: written by stockpot {}, method {}, seed {}, recipe {}\n",
                        printable(found.origin->stockpot), printable(found.origin->method),
                        found.origin->seed, printable(found.origin->recipe_digest));
  }
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string inspection_text(const Inspection& found, Listing listing) {
  const checkpoint::Checkpoint& model = found.checkpoint;
  const ModelTotals totals = totals_of(found);
  const bool hdf5 = !model.files.empty() && is_hdf5(model.files.front().path);
  std::string text = fmt::format(
      "{}: {}, {} file{}, {} tensors, {} parameters, {}\n", printable(model.reference),
      hdf5 ? "HDF5" : "safetensors", model.files.size(), model.files.size() == 1 ? "" : "s",
      with_commas(totals.all.tensors), with_commas(totals.all.elements), format_size(totals.all.bytes));
  if (found.model_digest) text += "model digest " + found.model_digest->hex() + "\n";
  text += "\n" + tensor_table(found, listing);
  text += "\n" + dtype_table(totals);
  if (!totals.layers_of_stack.empty()) text += "\n" + stack_table(totals);
  return text + remarks(found);
}

}  // namespace stockpot::report
