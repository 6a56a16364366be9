#pragma once

#include <vector>

#include "claims.hpp"
#include "results.hpp"
#include "soups/accuracy.hpp"
#include "soups/case.hpp"
#include "study_options.hpp"

namespace stockpot::reproduce {

struct SoupStudy {
  Results results;
  Results other_numbers;  ///< in the same form, beyond the tables that are compared with others'
};

/// Collective. Soups of models, after the protocols of tables E1 (models fine-tuned alike lie in a thin
/// shell; Model Stock of two against averages of many), E2 and E6 (searched soups in and out of
/// distribution), and E7 (averages of weights against ensembles of logits and features). Trains, writes
/// checkpoints and data, merges, searches, opens the results again and evaluates them; everything lies in
/// `options.out`, pictures of first layers in its `patterns`. Results do not depend on the number of ranks.
SoupStudy run_soups(comm::Communicator& world, const StudyOptions& options);

/// Collective. One seed's part of E1.
void add_thin_shell(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Effort effort,
                    SoupStudy& study);
/// Collective. One seed's part of E2 and E6.
void add_searches(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, Effort effort,
                  SoupStudy& study);
/// Collective. One seed's part of E7. Leaves the averages that it is about at `SoupCase::merged`.
void add_ensembles(comm::Communicator& world, const SoupCase& seed, const TestSets& sets, SoupStudy& study);

/// What the study must show. Throws std::out_of_range if a row is missing.
std::vector<Claim> soup_claims(const SoupStudy& study);

}  // namespace stockpot::reproduce
