#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/io/safetensors.hpp"

namespace stockpot::io::testing {

/// A fresh folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "stockpot-io-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}
inline std::string get(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

struct Failure {
  ExitCode code;
  std::string message;
  Subject subject;
};
/// The Error that `action` throws; nullopt if it returns. Other exceptions pass through.
inline std::optional<Failure> failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return Failure{error.code(), error.what(), error.subject()};
  }
  return std::nullopt;
}

/// Runs `action` in a child process; its exit status as waitpid gives it.
inline int status_in_child(const std::function<int()>& action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int result = 99;
    try {
      result = action();
    } catch (const Error& error) {
      result = static_cast<int>(error.code());
    } catch (...) {
    }
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

inline TensorHeader tensor(std::string name, DType dtype, Shape shape) {
  TensorHeader header;
  header.name = std::move(name);
  header.dtype = dtype;
  header.shape = std::move(shape);
  return header;
}

}  // namespace stockpot::io::testing
