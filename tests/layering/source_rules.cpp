#include "source_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "source_text.hpp"

namespace stockpot::layering {

namespace {

namespace fs = std::filesystem;

/// Includes that begin with `prefix` may stand only in files whose path begins with one of `homes`.
struct LibraryRule {
  std::string_view prefix;
  std::vector<std::string_view> homes;
};
const std::vector<LibraryRule> library_rules = {
    {"mpi.h", {"src/comm/"}},
    {"mpi-ext.h", {"src/comm/"}},
    {"nccl.h", {"src/comm/", "src/kernel/cuda/"}},
    {"cuda", {"src/comm/", "src/kernel/cuda/"}},
    {"cublas", {"src/kernel/cuda/"}},
    {"cusolver", {"src/kernel/cuda/"}},
    {"hdf5", {"src/io/"}},
    {"H5", {"src/io/"}},
    {"Eigen/", {"src/kernel/", "src/probe/"}},
    {"unsupported/Eigen/", {"src/kernel/", "src/probe/"}},
    {"hwy/", {"src/kernel/"}},
    {"yaml-cpp/", {"src/recipe/"}},
    {"pagmo/", {"src/soup/"}},
    {"nlopt", {"src/soup/"}},
    {"fcntl.h", {"src/io/", "src/base/"}},
    {"fstream", {"src/io/", "src/base/"}},
};

const std::vector<std::string_view> file_homes = {"src/io/", "src/base/"};
// `open` and its kin need <fcntl.h>; without it, only a qualified call is one of the C library's.
constexpr std::array qualified_names = {"open", "openat", "creat"};
constexpr std::array file_names = {"fopen", "freopen", "mkstemp", "fstream", "ifstream", "ofstream"};
constexpr std::array mapping_names = {"mmap", "mmap64"};
constexpr std::array collective_members = {"all_reduce", "broadcast", "all_gather", "barrier", "split"};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

template <typename Homes>
bool stands_in(const std::string& file, const Homes& homes) {
  return std::any_of(homes.begin(), homes.end(),
                     [&](std::string_view home) { return file.starts_with(home); });
}

struct Word {
  std::string text;
  std::string before;  ///< up to three characters before it
  char after = ' ';    ///< the next character that is no space
};

std::vector<Word> words_of(const std::string& line) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < line.size();) {
    if (!is_word(line[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < line.size() && is_word(line[end])) ++end;
    const std::size_t next = line.find_first_not_of(' ', end);
    words.push_back({line.substr(i, end - i), line.substr(i < 3 ? 0 : i - 3, std::min<std::size_t>(i, 3)),
                     next == std::string::npos ? ' ' : line[next]});
    i = end;
  }
  return words;
}

/// A call of the C library's function, not of a member or of another class's function of that name.
bool is_plain_call(const Word& word) {
  if (word.after != '(' || word.before.ends_with('.') || word.before.ends_with("->")) return false;
  const bool is_qualified = word.before.ends_with("::") && word.before.size() == 3 && is_word(word.before[0]);
  return !is_qualified;
}

template <typename Names>
bool is_one_of(const std::string& text, const Names& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

void check_includes(const std::string& file, const std::string& module, const std::string& text,
                    const Layers& layers, std::vector<Violation>& violations) {
  for (const Include& include : includes_of(text)) {
    if (include.path.starts_with("stockpot/")) {
      const std::string target = include.path.substr(9, include.path.find('/', 9) - 9);
      const auto allowed = layers.find(module);
      if (target != module && !allowed->second.contains(target)) {
        violations.push_back({file, include.line, module + " may not include " + include.path});
      }
    }
    for (const LibraryRule& rule : library_rules) {
      if (include.path.starts_with(rule.prefix) && !stands_in(file, rule.homes)) {
        violations.push_back(
            {file, include.line, "<" + include.path + "> belongs in " + std::string(rule.homes.front())});
      }
    }
  }
}

void check_files(const std::string& file, const std::string& code, std::vector<Violation>& violations) {
  std::istringstream lines(code);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("#")) continue;
    for (const Word& word : words_of(line)) {
      const bool is_stream = word.text.ends_with("fstream");
      const bool opens =
          (is_one_of(word.text, file_names) && (is_stream || is_plain_call(word))) ||
          (is_one_of(word.text, qualified_names) && is_plain_call(word) && word.before.ends_with("::"));
      if (opens && !stands_in(file, file_homes)) {
        violations.push_back({file, number, word.text + " belongs in src/io/"});
      }
      if (is_one_of(word.text, mapping_names) && is_plain_call(word)) {
        violations.push_back({file, number, word.text + ": files are read, never mapped"});
      }
    }
  }
}

/// True when `text` has `Communicator&` among its own parameters, not inside a template argument.
bool takes_communicator(const std::string& text) {
  int depth = 0;
  for (std::size_t i = text.find('('); i < text.size(); ++i) {
    if (text[i] == '<') ++depth;
    if (text[i] == '>') --depth;
    if (depth == 0 && text.compare(i, 13, "Communicator&") == 0) return true;
  }
  return false;
}

/// The name of the function that `text` declares: the word before the first parenthesis, if a type stands
/// before it. Empty for calls and for what is no function.
std::string declared_function(const std::string& text) {
  const std::size_t end = text.find('(');
  if (end == std::string::npos) return {};
  std::size_t begin = end;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  const bool has_type = begin > 0 && std::string_view(" &*").find(text[begin - 1]) != std::string_view::npos;
  return has_type ? text.substr(begin, end - begin) : std::string();
}

void check_documentation(const std::string& file, const std::string& text,
                         std::vector<Violation>& violations) {
  for (const Declaration& declaration : declarations_of(text)) {
    const std::string name = declared_function(declaration.text);
    const bool is_member = file.ends_with("/communicator.hpp") && is_one_of(name, collective_members) &&
                           !declaration.text.starts_with("virtual");
    if (name.empty() || (!is_member && !takes_communicator(declaration.text))) continue;
    const bool is_local = !is_member && declaration.documentation.starts_with("Local");
    if (!declaration.documentation.starts_with("Collective") && !is_local) {
      violations.push_back(
          {file, declaration.line,
           name + ": its documentation must begin with Collective" + (is_member ? "" : " or Local")});
    }
  }
}

std::string read_file(const fs::path& path) {
  std::ifstream stream(path);
  if (!stream) throw std::runtime_error("can't read " + path.string());
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::string> source_files(const fs::path& root) {
  std::vector<std::string> files;
  for (const char* folder : {"include/stockpot", "src"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      const bool is_source =
          extension == ".hpp" || extension == ".cpp" || extension == ".cu" || extension == ".def";
      if (is_source) files.push_back(fs::relative(entry.path(), root));
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Layers read_layers(const fs::path& file) {
  Layers layers;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("#") || colon == std::string::npos) continue;
    std::istringstream modules(line.substr(colon + 1));
    auto& allowed = layers[line.substr(0, colon)];
    for (std::string module; modules >> module;) allowed.insert(module);
  }
  return layers;
}

std::string to_string(const Violation& violation) {
  return violation.file + ":" + std::to_string(violation.line) + ": " + violation.message;
}

std::vector<Violation> check_tree(const fs::path& root, const Layers& layers) {
  std::vector<Violation> violations;
  for (const std::string& file : source_files(root)) {
    const std::size_t begin = file.starts_with("src/") ? 4 : 17;  // after "src/" or "include/stockpot/"
    const std::string module = file.substr(begin, file.find('/', begin) - begin);
    if (!layers.contains(module)) {
      violations.push_back({file, 1, "module " + module + " has no line in cmake/layers.txt"});
      continue;
    }
    const std::string text = read_file(root / file);
    const std::string code = blank_comments_and_literals(text);
    check_includes(file, module, code, layers, violations);
    check_files(file, code, violations);
    if (file.starts_with("include/stockpot/comm/") || file.starts_with("include/stockpot/engine/")) {
      check_documentation(file, text, violations);
    }
  }
  return violations;
}

}  // namespace stockpot::layering
