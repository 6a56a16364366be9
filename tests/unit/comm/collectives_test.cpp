#include <gtest/gtest.h>

#include "stockpot/comm/threads.hpp"
#include "support/collective_bodies.hpp"

namespace stockpot {
namespace {

class CollectivesOverThreads : public testing::TestWithParam<std::tuple<test::NamedBody, int>> {};

TEST_P(CollectivesOverThreads, Hold) {
  const auto& [body, ranks] = GetParam();
  comm::run_threads(ranks, body.run);
}

INSTANTIATE_TEST_SUITE_P(EveryBody, CollectivesOverThreads,
                         testing::Combine(testing::ValuesIn(test::collective_bodies),
                                          testing::Values(1, 2, 3, 4, 5, 7, 8, 16)),
                         [](const auto& test_info) {
                           return std::string(std::get<0>(test_info.param).name) + "_n" +
                                  std::to_string(std::get<1>(test_info.param));
                         });

class SerialCollectives : public testing::TestWithParam<test::NamedBody> {};

TEST_P(SerialCollectives, Hold) {
  comm::Communicator serial = comm::make_serial();
  GetParam().run(serial);
}

INSTANTIATE_TEST_SUITE_P(EveryBody, SerialCollectives, testing::ValuesIn(test::collective_bodies),
                         [](const auto& test_info) { return std::string(test_info.param.name); });

}  // namespace
}  // namespace stockpot
