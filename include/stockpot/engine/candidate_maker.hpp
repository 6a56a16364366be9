#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "stockpot/comm/communicator.hpp"
#include "stockpot/engine/load_models.hpp"
#include "stockpot/engine/options.hpp"
#include "stockpot/probe/parameters.hpp"

namespace stockpot::engine {

/// One merge of the models that a search is about: the recipe with other models chosen, or other parameters.
struct Variant {
  recipe::Recipe recipe;
  std::shared_ptr<const method::Method> method;
};

/// What a rank of a search holds and has moved.
struct CandidateCounters {
  std::uint64_t resident_bytes = 0;   ///< of models, in memory
  std::uint64_t scratch_bytes = 0;    ///< of models, in the scratch file
  std::uint64_t candidate_bytes = 0;  ///< of the candidate
};

/// Merges of one set of models, one after the other, that are never written: every rank keeps its share of
/// all models in memory (what `--memory` leaves no room for in one scratch file), and of one candidate. The
/// bytes of a candidate are those that `stockpot merge` would write of the same recipe. Grids have one
/// column.
class CandidateMaker {
 public:
  /// Collective. Loads what `widest` reads, the variant with the most models; `models` must outlive the
  /// maker. `scratch_folder`: where scratch files may be made. Throws on every rank alike: Error{usage} for
  /// recipes that can't be, and where memory doesn't even hold a candidate, Error{input} for models that
  /// don't fit together, Error{stopped}. Cost: every model is read once.
  CandidateMaker(comm::Communicator& world, const plan::ModelSet& models, const Variant& widest,
                 const RunOptions& options, const std::filesystem::path& scratch_folder);
  ~CandidateMaker();
  CandidateMaker(const CandidateMaker&) = delete;
  CandidateMaker& operator=(const CandidateMaker&) = delete;

  /// Collective. The next candidate takes the place of the last one. Throws as a merge does. Cost: headers
  /// are planned anew; one pass over the rank's share of the models that the variant uses, nothing written.
  void form(const Variant& variant);
  /// Collective. Rank `home` makes `folder` and writes the candidate there as a checkpoint, with config and
  /// tokenizer; the others send it their shares. Throws on every rank alike.
  void write_folder(int home, const std::filesystem::path& folder);
  /// Collective. On rank `home` the candidate's tensors in natural order of their names, as read back from
  /// the output's dtypes; nothing elsewhere. Throws Error{input} for tensors that aren't floating.
  [[nodiscard]] probe::Parameters tensors(int home);

  [[nodiscard]] CandidateCounters counters() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stockpot::engine
