#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "soup/coefficient_groups.hpp"
#include "soup/learned_gradient.hpp"
#include "soup/line_file.hpp"
#include "stockpot/base/digest.hpp"
#include "stockpot/soup/soup_job.hpp"
#include "stockpot/soup/trace.hpp"

namespace stockpot::soup {

/// One step of a learned soup as JSON text, for `soup_trace.jsonl`: alpha and beta before it, and with
/// `logs_gradients` their gradient; the first names the groups. Numbers read back exactly.
std::string learn_line(std::uint64_t number, const CoefficientGroups& groups, const LearnedParameters& before,
                       const LearnedGradient& gradient, bool logs_gradients, double seconds);

/// The last line of the trace as JSON text: what the evaluation of the soup gave.
std::string final_line(const TraceEntry& entry, const LearnedWinner& soup);

/// A gradient as JSON text, exactly. `gradient_of` throws Error{input} naming `file` for other text and for
/// one that hasn't so many coefficients.
std::string to_line(const LearnedGradient& gradient);
LearnedGradient gradient_of(const std::string& line, std::size_t coefficients, const std::string& file);

/// What rank 0 of a learned soup writes: the trace, and the gradients of all its steps, by which a stopped
/// job goes on without evaluating any of them again.
class LearnedTrace {
 public:
  /// Opens or creates both files. Throws Error{usage} if an earlier run learned from other examples than
  /// those of digest `data`, Error{system_io}.
  LearnedTrace(const std::filesystem::path& trace, const std::filesystem::path& gradients,
               const Digest& data);

  /// Lines of the trace that an earlier run left.
  [[nodiscard]] std::uint64_t remembered() const { return trace_.lines().size(); }
  /// Line `number` of these, if it is there.
  [[nodiscard]] std::optional<nlohmann::ordered_json> line(std::uint64_t number) const;
  /// The gradients that an earlier run left, a line each.
  [[nodiscard]] std::string gradients() const;

  void add_gradient(const LearnedGradient& gradient) { gradients_.add(to_line(gradient)); }
  /// Appends line `number`, or where the trace has it checks that it says the same, but for seconds and
  /// worker: Error{input} if not.
  void add(std::uint64_t number, const std::string& line);
  void sync() const;

 private:
  LineFile trace_;
  LineFile gradients_;  ///< behind the digest of the data
};

}  // namespace stockpot::soup
