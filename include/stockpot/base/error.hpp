#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace stockpot {

/// Exit codes of every subcommand; scripts depend on the numbers.
enum class ExitCode : int {
  success = 0,
  usage = 2,          ///< command line or recipe
  input = 3,          ///< missing, unreadable, malformed or mismatched input data
  system_io = 4,      ///< full disk, EIO, an output folder that can't be written
  verification = 5,   ///< content differs from the manifest
  communication = 6,  ///< ranks can't reach each other
  stopped = 75,       ///< stopped on request, `--resume` continues
};

/// What a failure is about. Empty fields are left out of the message.
struct Subject {
  std::string file;
  std::string tensor;
};

/// A failure with its exit code and, where known, the file and the tensor at fault.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, Subject subject = {});

  [[nodiscard]] ExitCode code() const noexcept { return code_; }
  [[nodiscard]] const Subject& subject() const noexcept { return subject_; }

 private:
  ExitCode code_;
  Subject subject_;
};

/// `text` in single quotes, control characters and non-UTF-8 bytes escaped, cut after 200 bytes: safe for one
/// line.
std::string quote(std::string_view text);

}  // namespace stockpot
