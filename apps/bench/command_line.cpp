#include "command_line.hpp"

#include <fstream>
#include <iostream>

#include "stockpot/base/error.hpp"

namespace stockpot::bench {

namespace options = boost::program_options;

std::optional<options::variables_map> read_options(
    int argc, char** argv, const options::options_description& description,
    const options::positional_options_description& positional) {
  options::variables_map given;
  options::store(options::command_line_parser(argc, argv).options(description).positional(positional).run(),
                 given);
  options::notify(given);
  if (!given.contains("help")) return given;
  std::cout << description;
  return std::nullopt;
}

void write_json(const options::variables_map& given, const std::string& text) {
  if (!given.contains("json")) return;
  const std::string& path = given["json"].as<std::string>();
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw Error(ExitCode::system_io, "can't write " + path);
}

}  // namespace stockpot::bench
