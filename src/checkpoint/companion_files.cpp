#include "stockpot/checkpoint/companion_files.hpp"

#include <array>
#include <system_error>

namespace stockpot::checkpoint {
namespace {

struct Known {
  std::string_view name;
  CompanionKind kind;
};

/// Sorted by name.
constexpr std::array<Known, 27> known_files{{
    {"added_tokens.json", CompanionKind::tokenizer},
    {"bpe.codes", CompanionKind::tokenizer},
    {"chat_template.jinja", CompanionKind::tokenizer},
    {"chat_template.json", CompanionKind::tokenizer},
    {"config.json", CompanionKind::config},
    {"generation_config.json", CompanionKind::other},
    {"image_processor_config.json", CompanionKind::other},
    {"merges.txt", CompanionKind::tokenizer},
    {"normalizer.json", CompanionKind::tokenizer},
    {"preprocessor_config.json", CompanionKind::other},
    {"processor_config.json", CompanionKind::other},
    {"sentencepiece.bpe.model", CompanionKind::tokenizer},
    {"sentencepiece.model", CompanionKind::tokenizer},
    {"source.spm", CompanionKind::tokenizer},
    {"special_tokens_map.json", CompanionKind::tokenizer},
    {"spiece.model", CompanionKind::tokenizer},
    {"spm.model", CompanionKind::tokenizer},
    {"target.spm", CompanionKind::tokenizer},
    {"tekken.json", CompanionKind::tokenizer},
    {"tokenizer.json", CompanionKind::tokenizer},
    {"tokenizer.model", CompanionKind::tokenizer},
    {"tokenizer.model.v3", CompanionKind::tokenizer},
    {"tokenizer_config.json", CompanionKind::tokenizer},
    {"video_preprocessor_config.json", CompanionKind::other},
    {"vocab.json", CompanionKind::tokenizer},
    {"vocab.txt", CompanionKind::tokenizer},
    {"vocabulary.txt", CompanionKind::tokenizer},
}};

}  // namespace

std::vector<CompanionFile> companion_files(const std::filesystem::path& folder) {
  std::vector<CompanionFile> present;
  if (folder.empty()) return present;
  for (const Known& known : known_files) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(folder / known.name, ignored)) {
      present.push_back({std::string(known.name), known.kind});
    }
  }
  return present;
}

}  // namespace stockpot::checkpoint
