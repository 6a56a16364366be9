#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>

namespace stockpot::bench {

/// What was given of `description`'s options; none if help was asked for, which is then shown. Throws
/// boost::program_options::error.
std::optional<boost::program_options::variables_map> read_options(
    int argc, char** argv, const boost::program_options::options_description& description,
    const boost::program_options::positional_options_description& positional = {});

/// Writes `text` to the file that `--json` names, if it was given. Throws Error{system_io}.
void write_json(const boost::program_options::variables_map& given, const std::string& text);

/// The commands. Throw Error and boost::program_options::error.
int bench_merge(int argc, char** argv);
int bench_soups(int argc, char** argv);
int bench_statistics(int argc, char** argv);

}  // namespace stockpot::bench
