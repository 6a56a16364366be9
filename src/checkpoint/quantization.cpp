#include "checkpoint/quantization.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "checkpoint/config_json.hpp"
#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {
namespace {

constexpr std::string_view scale_suffix = "_scale_inv";

enum class Codes { here, partner };

/// A quantised form that is refused: a tensor whose name ends in `suffix` beside one whose name ends in
/// `partner` instead, and which of the two holds the codes.
struct PackedForm {
  std::string_view suffix;
  std::string_view partner;
  Codes codes = Codes::here;
  std::string_view what;
};

constexpr std::array<PackedForm, 13> packed_forms{{
    {".qweight", ".scales", Codes::here, "GPTQ or AWQ"},
    {".qweight", ".qzeros", Codes::here, "GPTQ or AWQ"},
    {".weight_packed", ".weight_scale", Codes::here, "compressed-tensors"},
    {".weight_packed", ".weight_shape", Codes::here, "compressed-tensors"},
    {"_blocks", "_scales", Codes::here, "MXFP4"},
    {".SCB", ".weight", Codes::partner, "bitsandbytes int8"},
    {".weight.absmax", ".weight", Codes::partner, "bitsandbytes 4-bit"},
    {".weight.quant_map", ".weight", Codes::partner, "bitsandbytes"},
    {"_scale", "", Codes::partner, "scaled by *_scale"},
    {"_scales", "", Codes::partner, "scaled by *_scales"},
    {"_scale_2", "", Codes::partner, "scaled by *_scale_2"},
    {".scale", ".weight", Codes::partner, "scaled by *.scale"},
    {".scales", ".weight", Codes::partner, "scaled by *.scales"},
}};

bool is_scalable(DType dtype) {
  return dtype == DType::f8_e4m3 || dtype == DType::f8_e5m2;
}

/// Types that quantisers use for codes.
bool holds_codes(DType dtype) {
  return bits(dtype) <= 8 ? dtype != DType::boolean : dtype == DType::i32 || dtype == DType::u32;
}

[[noreturn]] void refuse(const Checkpoint& checkpoint, const StoredTensor& tensor, const std::string& why) {
  throw Error{ExitCode::input, why, {checkpoint.files[tensor.file].path.string(), tensor.name}};
}

[[noreturn]] void refuse_packed(const Checkpoint& checkpoint, const StoredTensor& tensor,
                                std::string_view what) {
  refuse(checkpoint, tensor,
         "packed or scaled quantised (" + std::string(what) +
             "), which cannot be merged as it stands; dequantise the model first");
}

void refuse_packed_forms(const Checkpoint& checkpoint, const StoredTensor& tensor) {
  const std::string_view name = tensor.name;
  if (name.find(".quant_state.bitsandbytes__") != std::string_view::npos) {
    refuse_packed(checkpoint, tensor, "bitsandbytes 4-bit");
  }
  for (const PackedForm& form : packed_forms) {
    if (!name.ends_with(form.suffix)) continue;
    const StoredTensor* partner =
        checkpoint.find(std::string(name.substr(0, name.size() - form.suffix.size())).append(form.partner));
    if (partner == nullptr) continue;
    const StoredTensor& codes = form.codes == Codes::here ? tensor : *partner;
    if (holds_codes(codes.dtype)) refuse_packed(checkpoint, codes, form.what);
  }
}

/// weight_block_size of the config, if it is stated.
std::optional<std::array<std::uint64_t, 2>> stated_block(const Checkpoint& checkpoint) {
  if (checkpoint.config.empty()) return std::nullopt;
  const auto config =
      parse_config<nlohmann::json>(checkpoint.config, (checkpoint.folder / "config.json").string());
  for (const char* path :
       {"/quantization_config/weight_block_size", "/text_config/quantization_config/weight_block_size"}) {
    const nlohmann::json::json_pointer pointer(path);
    if (!config.contains(pointer)) continue;
    const nlohmann::json& block = config.at(pointer);
    if (block.is_array() && block.size() == 2 && block[0].is_number_unsigned() &&
        block[1].is_number_unsigned() && block[0] > 0U && block[1] > 0U) {
      return std::array{block[0].get<std::uint64_t>(), block[1].get<std::uint64_t>()};
    }
  }
  return std::nullopt;
}

std::uint64_t divide_up(std::uint64_t count, std::uint64_t block) {
  return count == 0 ? 0 : (count - 1) / block + 1;
}

using Plane = std::array<std::uint64_t, 2>;

/// Rows and columns of the last two dimensions.
Plane plane_of(const Shape& shape) {
  return {shape.size() < 2 ? 1 : shape[shape.size() - 2], shape.empty() ? 1 : shape.back()};
}

bool covers(const Plane& block, const Plane& tensor, const Plane& scale) {
  return divide_up(tensor[0], block[0]) == scale[0] && divide_up(tensor[1], block[1]) == scale[1];
}

BlockScale pair_with(const Checkpoint& checkpoint, const StoredTensor& tensor, const StoredTensor& scale,
                     const std::optional<Plane>& stated) {
  BlockScale pair;
  pair.tensor = static_cast<std::uint32_t>(&scale - checkpoint.tensors.data());
  if (scale.elements() == 1) {
    pair.columns = pair.block_columns = std::max<std::uint64_t>(tensor.elements(), 1);
    return pair;
  }
  const auto misfit = [&]() {
    refuse(checkpoint, scale,
           "scales of shape " + to_string(scale.shape) + " are no grid of blocks over " + quote(tensor.name) +
               " of shape " + to_string(tensor.shape));
  };
  const std::size_t outer = tensor.shape.size() < 2 ? 0 : tensor.shape.size() - 2;
  if (tensor.shape.size() != scale.shape.size() || tensor.elements() == 0 || scale.elements() == 0) misfit();
  for (std::size_t i = 0; i < outer; ++i) {
    if (tensor.shape[i] != scale.shape[i]) misfit();
  }
  const Plane whole = plane_of(tensor.shape);
  const Plane grid = plane_of(scale.shape);
  Plane block{divide_up(whole[0], grid[0]), divide_up(whole[1], grid[1])};
  if (stated && covers(*stated, whole, grid)) block = *stated;
  if (!covers(block, whole, grid)) misfit();
  pair.rows = whole[0];
  pair.columns = whole[1];
  pair.block_rows = block[0];
  pair.block_columns = block[1];
  pair.scale_rows = grid[0];
  pair.scale_columns = grid[1];
  return pair;
}

}  // namespace

FoldedScales fold_scales(const Checkpoint& checkpoint) {
  FoldedScales folded{std::vector<std::optional<BlockScale>>(checkpoint.tensors.size()),
                      std::vector<bool>(checkpoint.tensors.size(), false)};
  std::optional<Plane> stated;
  bool config_read = false;
  for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i) {
    const StoredTensor& scale = checkpoint.tensors[i];
    refuse_packed_forms(checkpoint, scale);
    const std::string_view name = scale.name;
    if (!name.ends_with(scale_suffix)) continue;
    const StoredTensor* tensor = checkpoint.find(name.substr(0, name.size() - scale_suffix.size()));
    if (tensor == nullptr || !holds_codes(tensor->dtype)) continue;
    if (!is_scalable(tensor->dtype)) refuse_packed(checkpoint, *tensor, "scaled by *_scale_inv");
    if (!is_mergeable(scale.dtype)) {
      refuse(checkpoint, scale,
             "scales of type " + std::string(stockpot::name(scale.dtype)) + " are not supported");
    }
    if (!config_read) stated = stated_block(checkpoint);
    config_read = true;
    folded.is_scale[i] = true;
    folded.scale_of[static_cast<std::size_t>(tensor - checkpoint.tensors.data())] =
        pair_with(checkpoint, *tensor, scale, stated);
  }
  return folded;
}

}  // namespace stockpot::checkpoint
