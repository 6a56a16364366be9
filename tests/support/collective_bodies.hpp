#pragma once

#include "stockpot/comm/communicator.hpp"

/// Bodies that every transport must pass, run by each rank of a group. They use EXPECT only, so that a rank
/// that fails stays in step with the others.
namespace stockpot::test {

void check_all_reduce(comm::Communicator& communicator);
void check_broadcast(comm::Communicator& communicator);
void check_all_gather(comm::Communicator& communicator);
void check_texts(comm::Communicator& communicator);
void check_messages(comm::Communicator& communicator);
void check_unwaited_messages(comm::Communicator& communicator);
void check_split(comm::Communicator& communicator);
void check_grid(comm::Communicator& communicator);
void check_agreement(comm::Communicator& communicator);
void check_nested_agreement(comm::Communicator& communicator);
void check_from_root(comm::Communicator& communicator);
void check_ordered_reduction(comm::Communicator& communicator);
void check_ordered_reduction_refusals(comm::Communicator& communicator);

/// A name and a body, for tables of tests.
struct NamedBody {
  const char* name;
  void (*run)(comm::Communicator&);
};
inline constexpr NamedBody collective_bodies[] = {
    {"all_reduce", check_all_reduce},
    {"broadcast", check_broadcast},
    {"all_gather", check_all_gather},
    {"texts", check_texts},
    {"messages", check_messages},
    {"unwaited_messages", check_unwaited_messages},
    {"split", check_split},
    {"grid", check_grid},
    {"agreement", check_agreement},
    {"nested_agreement", check_nested_agreement},
    {"from_root", check_from_root},
    {"ordered_reduction", check_ordered_reduction},
    {"ordered_reduction_refusals", check_ordered_reduction_refusals},
};

}  // namespace stockpot::test
