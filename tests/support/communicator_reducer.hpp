#pragma once

#include <span>
#include <vector>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/comm/ordered_reduction.hpp"
#include "stockpot/stats/reducer.hpp"

namespace stockpot::testing_support {

/// A reducer over any communicator; counts how often each of its functions was called.
class CommunicatorReducer : public stats::Reducer {
 public:
  explicit CommunicatorReducer(comm::Communicator& communicator) : communicator_(communicator) {}

  void add(std::span<std::uint64_t> counts) override {
    ++calls;
    communicator_.all_reduce(counts, comm::ReduceOp::sum, "add");
  }
  std::vector<double> total(const LeafSums& mine) override {
    ++calls;
    return comm::reduce_leaves(communicator_, mine, "total");
  }
  std::vector<std::uint64_t> gather(std::span<const std::uint64_t> mine) override {
    ++calls;
    return communicator_.all_gather(mine, "gather");
  }

  int calls = 0;

 private:
  comm::Communicator& communicator_;
};

}  // namespace stockpot::testing_support
