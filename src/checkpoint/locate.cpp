#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/checkpoint.hpp"
#include "stockpot/io/file.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return fs::path(value);
}

fs::path expand_home(const std::string& path) {
  const bool home_relative = path == "~" || path.starts_with("~/");
  const std::optional<fs::path> home = from_environment("HOME");
  if (!home_relative || !home) return path;
  return path.size() <= 2 ? *home : *home / path.substr(2);
}

/// Where huggingface_hub would look.
std::optional<fs::path> hub_cache() {
  for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const auto cache = from_environment(variable)) return expand_home(cache->string());
  }
  if (const auto home = from_environment("HF_HOME")) return expand_home(home->string()) / "hub";
  if (const auto cache = from_environment("XDG_CACHE_HOME")) {
    return expand_home(cache->string()) / "huggingface" / "hub";
  }
  if (const auto home = from_environment("HOME")) return *home / ".cache" / "huggingface" / "hub";
  return std::nullopt;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

/// Slash-separated parts of name characters, none of which starts with a dot: safe below a folder.
bool is_plain_name(std::string_view text, std::ptrdiff_t most_slashes) {
  if (text.empty() || text.size() > 200 || text.starts_with('/') || text.ends_with('/')) return false;
  if (std::count(text.begin(), text.end(), '/') > most_slashes) return false;
  if (text.starts_with('.') || text.find("/.") != std::string_view::npos) return false;
  if (text.find("//") != std::string_view::npos || text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_name_character(c) || c == '/'; });
}

std::string cache_folder_name(const std::string& model) {
  std::string name = "models--";
  for (const char c : model) name += c == '/' ? "--" : std::string(1, c);
  return name;
}

std::string trimmed(const std::string& text) {
  constexpr const char* blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<fs::path> find_snapshot(const fs::path& model, const std::string& revision) {
  constexpr std::uint64_t largest_ref_bytes = 4096;
  std::error_code ignored;
  std::string commit = revision;
  const fs::path ref = model / "refs" / revision;
  if (fs::is_regular_file(ref, ignored)) commit = trimmed(io::read_text(ref, largest_ref_bytes));
  if (!is_plain_name(commit, 0)) return std::nullopt;
  const fs::path snapshot = model / "snapshots" / commit;
  if (!fs::is_directory(snapshot, ignored)) return std::nullopt;
  return snapshot;
}

}  // namespace

fs::path locate_model(const std::string& path, const std::string& revision) {
  fs::path local = expand_home(path);
  std::error_code ignored;
  if (fs::exists(local, ignored)) {
    if (revision.empty()) return local;
    throw Error{ExitCode::usage,
                "a local path has no revision " + quote(revision) + ": leave it out",
                {local.string(), {}}};
  }
  if (!is_plain_name(path, 1) || path.find("--") != std::string::npos) {
    throw Error{ExitCode::input, "no such file or folder", {local.string(), {}}};
  }
  constexpr std::ptrdiff_t deepest_revision = 8;
  if (!revision.empty() && !is_plain_name(revision, deepest_revision)) {
    throw Error{
        ExitCode::usage, "revision " + quote(revision) + " of " + quote(path) + " is no plain name", {}};
  }
  const std::optional<fs::path> cache = hub_cache();
  if (cache) {
    const auto snapshot =
        find_snapshot(*cache / cache_folder_name(path), revision.empty() ? "main" : revision);
    if (snapshot) return *snapshot;
  }
  throw Error{ExitCode::input,
              "model " + quote(path) + " not found locally" + (cache ? ", nor in " + cache->string() : "") +
                  "; fetch it with: huggingface-cli download " + path +
                  (revision.empty() ? "" : " --revision " + revision),
              {}};
}

}  // namespace stockpot::checkpoint
