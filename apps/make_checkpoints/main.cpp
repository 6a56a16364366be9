// make_checkpoints: realistic sharded checkpoints of any size, for the demo, the benchmarks and the tests.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <utility>

#include <boost/program_options.hpp>

#include "checkpoint_writer.hpp"
#include "llama_model.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/base/process.hpp"
#include "stockpot/base/text.hpp"

namespace {

namespace options = boost::program_options;
using namespace stockpot;
using make_checkpoints::LlamaModel;

struct Preset {
  LlamaModel model;
  std::string shard_size;
};

const std::map<std::string, Preset> presets = {
    {"tiny",
     {{.layers = 3, .hidden = 64, .intermediate = 176, .vocabulary = 320, .heads = 4, .key_value_heads = 2},
      "100KB"}},
    {"demo",
     {{.layers = 12,
       .hidden = 1024,
       .intermediate = 2816,
       .vocabulary = 32000,
       .heads = 16,
       .key_value_heads = 4},
      "100MB"}},
    {"1b",
     {{.layers = 22,
       .hidden = 2048,
       .intermediate = 5632,
       .vocabulary = 32000,
       .heads = 32,
       .key_value_heads = 4},
      "500MB"}},
};

struct Request {
  LlamaModel model;
  std::filesystem::path folder;
  std::uint64_t fine_tunes = 0;
  make_checkpoints::WriteOptions write;
};

options::options_description describe() {
  options::options_description description(
      "usage: make_checkpoints --out DIR [OPTIONS]\n"
      "Writes DIR/anchor and fine-tunes DIR/model-1, model-2, ...: Llama checkpoints as transformers saves "
      "them.\n"
      "Equal options give equal bytes");
  description.add_options()("help,h", "this text")("out", options::value<std::string>(),
                                                   "folder of the checkpoints; must not hold any yet")(
      "preset", options::value<std::string>()->default_value("tiny"),
      "tiny, demo (200M parameters) or 1b (1.1B)")(
      "models", options::value<std::uint64_t>()->default_value(3), "number of fine-tunes beside the anchor")(
      "layers", options::value<std::uint64_t>(), "sizes of the model, in place of the preset's")(
      "hidden", options::value<std::uint64_t>(), "")("intermediate", options::value<std::uint64_t>(), "")(
      "vocab", options::value<std::uint64_t>(), "")("heads", options::value<std::uint64_t>(), "")(
      "kv-heads", options::value<std::uint64_t>(), "")("tie", "lm_head is the embedding")(
      "dtype", options::value<std::string>(),
      "bfloat16, float16, float32 or float64; bf16, f16, f32 or f64 for short")(
      "shard-size", options::value<std::string>(), "largest shard, as 500MB")(
      "seed", options::value<std::uint64_t>()->default_value(0), "of the values")(
      "threads", options::value<int>()->default_value(available_processors()), "that make and write them");
  return description;
}

/// As recipes write it ("bfloat16"), or as safetensors does, in any case ("bf16", "F32").
DType dtype_named(const std::string& text) {
  std::string safetensors_name = text;
  for (char& letter : safetensors_name) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  auto dtype = dtype_from_recipe(text);
  if (!dtype) dtype = dtype_from_name(safetensors_name);
  if (!dtype) throw Error(ExitCode::usage, "no dtype " + quote(text));
  return *dtype;
}

Request request_from(const options::variables_map& given) {
  const std::string preset_name = given["preset"].as<std::string>();
  const auto preset = presets.find(preset_name);
  if (preset == presets.end()) throw Error(ExitCode::usage, "no preset " + quote(preset_name));
  if (!given.contains("out")) throw Error(ExitCode::usage, "--out is missing");

  Request request;
  request.model = preset->second.model;
  const auto take = [&](const char* name, std::uint64_t& value) {
    if (given.contains(name)) value = given[name].as<std::uint64_t>();
  };
  take("layers", request.model.layers);
  take("hidden", request.model.hidden);
  take("intermediate", request.model.intermediate);
  take("vocab", request.model.vocabulary);
  take("heads", request.model.heads);
  take("kv-heads", request.model.key_value_heads);
  take("models", request.fine_tunes);
  take("seed", request.write.seed);
  request.model.tied = given.contains("tie");
  if (given.contains("dtype")) request.model.dtype = dtype_named(given["dtype"].as<std::string>());
  const std::string shard_size =
      given.contains("shard-size") ? given["shard-size"].as<std::string>() : preset->second.shard_size;
  const auto shard_bytes = parse_size(shard_size);
  if (!shard_bytes) throw Error(ExitCode::usage, "--shard-size: " + quote(shard_size) + " is no size");
  request.write.shard_bytes = *shard_bytes;
  request.write.threads = given["threads"].as<int>();
  if (request.write.threads < 1) throw Error(ExitCode::usage, "--threads must be at least 1");
  request.folder = given["out"].as<std::string>();
  make_checkpoints::check(request.model);
  return request;
}

void write_family(const Request& request) {
  for (std::uint64_t number = 0; number <= request.fine_tunes; ++number) {
    const std::string name = number == 0 ? "anchor" : "model-" + std::to_string(number);
    if (std::filesystem::exists(request.folder / name)) {
      throw Error(ExitCode::usage, "exists already",
                  {.file = (request.folder / name).string(), .tensor = ""});
    }
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t total_bytes =
        make_checkpoints::write_checkpoint(request.model, number, request.folder / name, request.write);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    std::cout << (request.folder / name).string() << ": " << format_size(total_bytes) << ", "
              << format_size(static_cast<std::uint64_t>(static_cast<double>(total_bytes) / elapsed.count()))
              << "/s" << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    options::variables_map given;
    options::store(options::parse_command_line(argc, argv, describe()), given);
    options::notify(given);
    if (given.contains("help")) {
      std::cout << describe();
      return 0;
    }
    write_family(request_from(given));
    return 0;
  } catch (const options::error& error) {
    std::cerr << "make_checkpoints: " << error.what() << " (--help lists the options)\n";
    return static_cast<int>(ExitCode::usage);
  } catch (const Error& error) {
    std::cerr << "make_checkpoints: " << error.what() << "\n";
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::cerr << "make_checkpoints: " << error.what() << "\n";
    return static_cast<int>(ExitCode::system_io);
  }
}
