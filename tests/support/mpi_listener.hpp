#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "stockpot/comm/communicator.hpp"

namespace stockpot::test {

/// Prints tests run by several ranks once, on rank 0, which fails a test that failed on any rank.
///
/// Every failure is also printed at once by the rank it happens on: should that rank leave its test while the
/// others wait in a collective, the message isn't lost in the timeout that follows.
class MpiListener final : public testing::TestEventListener {
 public:
  /// Owns `printer`, the default one that was released from the listeners.
  MpiListener(comm::Communicator communicator, std::unique_ptr<testing::TestEventListener> printer)
      : communicator_(std::move(communicator)), printer_(std::move(printer)) {}

  void OnTestProgramStart(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnTestProgramStart(unit);
  }
  void OnTestIterationStart(const testing::UnitTest& unit, int iteration) override {
    if (prints()) printer_->OnTestIterationStart(unit, iteration);
  }
  void OnEnvironmentsSetUpStart(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnEnvironmentsSetUpStart(unit);
  }
  void OnEnvironmentsSetUpEnd(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnEnvironmentsSetUpEnd(unit);
  }
  void OnTestSuiteStart(const testing::TestSuite& suite) override {
    if (prints()) printer_->OnTestSuiteStart(suite);
  }
  void OnTestStart(const testing::TestInfo& info) override {
    if (prints()) printer_->OnTestStart(info);
  }
  void OnTestPartResult(const testing::TestPartResult& result) override;
  void OnTestEnd(const testing::TestInfo& info) override;
  void OnTestSuiteEnd(const testing::TestSuite& suite) override {
    if (prints()) printer_->OnTestSuiteEnd(suite);
  }
  void OnEnvironmentsTearDownStart(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnEnvironmentsTearDownStart(unit);
  }
  void OnEnvironmentsTearDownEnd(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnEnvironmentsTearDownEnd(unit);
  }
  void OnTestIterationEnd(const testing::UnitTest& unit, int iteration) override {
    if (prints()) printer_->OnTestIterationEnd(unit, iteration);
  }
  void OnTestProgramEnd(const testing::UnitTest& unit) override {
    if (prints()) printer_->OnTestProgramEnd(unit);
  }

 private:
  [[nodiscard]] bool prints() const { return communicator_.is_root(); }

  comm::Communicator communicator_;
  std::unique_ptr<testing::TestEventListener> printer_;
};

}  // namespace stockpot::test
