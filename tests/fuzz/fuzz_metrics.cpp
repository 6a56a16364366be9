#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "soup/metric_reader.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

/// Any output gives either all metrics, finite, or a failure in one line; a worker's answer that is taken is
/// one that a command's reader takes too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::map<std::string, double> wanted = {{"accuracy", 1.0}, {"loss", -0.1}};
  const std::string_view line = stockpot::soup::last_line(text);
  require(line.find('\n') == std::string_view::npos && line == stockpot::soup::trimmed(line));

  const stockpot::soup::Reading reading = stockpot::soup::read_metrics(line, wanted, std::nullopt);
  require(reading.metrics.size() == (reading.failure.empty() ? wanted.size() : 0));
  for (const auto& [name, value] : reading.metrics) require(std::isfinite(value));
  require(reading.failure.empty() || reading.failure.starts_with("output: ") ||
          reading.failure.starts_with("metric: "));
  require(reading.failure.find('\n') == std::string::npos);

  const stockpot::soup::Reading answer = stockpot::soup::read_metrics(line, wanted, 7);
  require(!answer.failure.empty() || answer.metrics == reading.metrics);
  return 0;
}
