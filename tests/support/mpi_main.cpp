#include <gtest/gtest.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <optional>

#include "support/mpi_listener.hpp"
#include "support/mpi_runtime.hpp"

namespace stockpot::test {
namespace {
std::optional<comm::MpiRuntime> runtime;
}  // namespace

comm::MpiRuntime& mpi_runtime() {
  return runtime.value();
}

void MpiListener::OnTestPartResult(const testing::TestPartResult& result) {
  if (!result.failed()) {
    if (prints()) printer_->OnTestPartResult(result);
    return;
  }
  std::fprintf(stderr, "rank %d of %d: %s:%d: %s\n", communicator_.rank(), communicator_.size(),
               result.file_name() == nullptr ? "" : result.file_name(), result.line_number(),
               result.message());
}

void MpiListener::OnTestEnd(const testing::TestInfo& info) {
  const std::int64_t mine = info.result()->Failed() ? 1 : 0;
  const std::vector<std::int64_t> failed = communicator_.all_gather(std::span(&mine, 1), "test results");
  if (!prints()) return;
  for (std::size_t rank = 1; rank < failed.size(); ++rank) {
    if (failed[rank] != 0) ADD_FAILURE() << "rank " << rank << " failed this test";
  }
  printer_->OnTestEnd(info);
}

}  // namespace stockpot::test

int main(int argc, char** argv) {
  using namespace stockpot;
  int result = 1;
  try {
    test::runtime.emplace(&argc, &argv);
    testing::InitGoogleTest(&argc, argv);
    testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
    std::unique_ptr<testing::TestEventListener> printer(
        listeners.Release(listeners.default_result_printer()));
    auto* listener = new test::MpiListener(comm::make_mpi(*test::runtime), std::move(printer));
    listeners.Append(listener);  // owns it
    result = RUN_ALL_TESTS();
    delete listeners.Release(listener);  // its communicator must go before the runtime
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  test::runtime.reset();
  return result;
}
