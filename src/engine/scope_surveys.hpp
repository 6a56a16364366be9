#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "stockpot/base/digest.hpp"
#include "stockpot/method/survey.hpp"
#include "stockpot/plan/merge_plan.hpp"

namespace stockpot::engine {

/// The surveys of one rank: begun when their scope's turn comes, kept until its tensors are merged, so that
/// only what they report stays. Thread safe; a survey itself is what it says of itself.
class ScopeSurveys {
 public:
  /// `folder`: where scratch files may be made.
  ScopeSurveys(const plan::MergePlan& plan, const plan::ModelSet& models, const method::Method& method,
               std::filesystem::path folder)
      : plan_(plan),
        models_(models),
        method_(method),
        folder_(std::move(folder)),
        open_(plan.scopes.groups.size()) {}

  /// Local. Begins the survey of a scope, which may hold so much. What an earlier run found of it is taken
  /// over; the survey is then complete.
  method::Survey& begin(std::uint32_t scope, std::uint64_t memory_bytes,
                        const std::vector<Digest>* earlier_findings);
  /// @pre begun
  [[nodiscard]] method::Survey& at(std::uint32_t scope) const;
  [[nodiscard]] std::unique_ptr<method::ElementPass> pass(const plan::ScopePlace& place) const;
  /// Local. Keeps what a complete survey reports.
  void report(std::uint32_t scope);
  /// What a complete survey found, as a journal holds it; empty if it can't be taken over.
  [[nodiscard]] std::vector<Digest> findings(std::uint32_t scope) const;
  /// Local. Ends a survey whose tensors are merged.
  void close(std::uint32_t scope);
  /// What was reported on this rank, by the key that the manifest gives it.
  [[nodiscard]] const std::map<std::string, method::Diagnostics>& reports() const { return reports_; }

 private:
  const plan::MergePlan& plan_;
  const plan::ModelSet& models_;
  const method::Method& method_;
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<method::Survey>> open_;
  std::map<std::string, method::Diagnostics> reports_;
};

}  // namespace stockpot::engine
