#include "checkpoint/unreadable_formats.hpp"

#include <array>

#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {
namespace {

struct Format {
  std::string_view suffix;
  std::string_view what_and_way_out;
};

constexpr std::string_view pickle =
    "a pickle, which is never read because reading it can run code; convert it first: python3 -c \"import "
    "torch, safetensors.torch as s; s.save_file({k: v.contiguous().clone() for k, v in torch.load('IN', "
    "weights_only=True, map_location='cpu').items()}, 'model.safetensors', {'format': 'pt'})\"";

constexpr std::array<Format, 11> formats{{
    {".bin", pickle},
    {".pt", pickle},
    {".pth", pickle},
    {".ckpt", pickle},
    {".pkl", pickle},
    {".bin.index.json", pickle},
    {".distcp",
     "a torch.distributed checkpoint; convert it first with torch.distributed.checkpoint.format_utils "
     "dcp_to_torch, then to safetensors"},
    {".gguf", "GGUF, whose packed quantised tensors cannot be merged; use the safetensors it was made from"},
    {".msgpack", "a Flax checkpoint; load it in transformers with from_flax=True and save_pretrained"},
    {tensorflow_weights_name,
     "a TensorFlow checkpoint; load it in transformers with from_tf=True and save_pretrained"},
    {adapter_weights_name, "an adapter without its base; write it as BASE+ADAPTER in the recipe"},
}};

const Format* format_of(std::string_view name) {
  for (const Format& format : formats) {
    if (name.ends_with(format.suffix)) return &format;
  }
  return nullptr;
}

}  // namespace

void refuse_unreadable_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name == adapter_weights_name) return;  // by its own name it may be inspected
  if (const Format* format = format_of(name)) {
    throw Error{ExitCode::input, "this is " + std::string(format->what_and_way_out), {path.string(), {}}};
  }
}

void refuse_unreadable_folder(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name == "training_args.bin" || name == "optimizer.pt" || name == "scheduler.pt") continue;
    if (const Format* format = format_of(name)) {
      throw Error{ExitCode::input,
                  "no weights here that can be read, only " + quote(name) + ": " +
                      std::string(format->what_and_way_out),
                  {folder.string(), {}}};
    }
  }
  throw Error{
      ExitCode::input,
      "no checkpoint in this folder: expected model.safetensors, model.safetensors.index.json with its "
      "shards, or one .h5 state dict",
      {folder.string(), {}}};
}

}  // namespace stockpot::checkpoint
