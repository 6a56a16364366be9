#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "stockpot/base/error.hpp"
#include "stockpot/soup/evaluator.hpp"
#include "support/temporary_folder.hpp"

namespace stockpot::soup::test {

/// Programs and logs in a folder of their own.
class EvaluatorTest : public ::testing::Test {
 protected:
  [[nodiscard]] static recipe::Evaluate asking_for_accuracy() {
    recipe::Evaluate how;
    how.metrics = {{"accuracy", 1.0}};
    how.timeout_seconds = 30.0;
    return how;
  }

  /// Path of an executable file with that text.
  std::string program(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path.string();
  }
  /// A shell script with `$folder`, this test's folder.
  std::string shell(const std::string& text) {
    return program("evaluate.sh", "#!/bin/sh\nfolder='" + folder_.path().string() + "'\n" + text + "\n");
  }

  [[nodiscard]] std::filesystem::path logs() const { return folder_ / "evaluator_logs"; }
  [[nodiscard]] Evaluation evaluation(std::uint64_t candidate, const std::string& split = "search") const {
    return {candidate, folder_ / ("candidate-" + std::to_string(candidate)), split};
  }

  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  static std::size_t lines_of(const std::filesystem::path& file) {
    const std::string text = text_of(file);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  /// Process numbers that a program wrote.
  static std::vector<pid_t> processes_in(const std::filesystem::path& file) {
    std::istringstream in(text_of(file));
    return {std::istream_iterator<pid_t>(in), std::istream_iterator<pid_t>()};
  }
  static bool is_gone(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string text;
    if (!std::getline(in, text)) return true;
    const std::size_t state = text.rfind(") ") + 2;
    return text.at(state) == 'Z' || text.at(state) == 'X';  // dead, and not buried by its new parent yet
  }
  static bool becomes_true(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  stockpot::test::TemporaryFolder folder_;
  std::atomic<bool> stop_{false};
};

}  // namespace stockpot::soup::test
