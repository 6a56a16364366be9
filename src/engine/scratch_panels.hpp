#pragma once

#include <memory>

#include "stockpot/io/scratch_file.hpp"
#include "stockpot/kernel/panel_cholesky.hpp"

namespace stockpot::engine {

/// Panels of a matrix in a scratch file. Thread safe for different panels.
class ScratchPanels : public kernel::PanelStore {
 public:
  ScratchPanels(const std::filesystem::path& folder, const kernel::PanelCut& cut)
      : file_(folder), cut_(cut) {}
  void read(std::size_t panel, std::span<double> values) override {
    file_.read(offset(panel), std::as_writable_bytes(values));
  }
  void write(std::size_t panel, std::span<const double> values) override {
    file_.write(offset(panel), std::as_bytes(values));
  }

 private:
  [[nodiscard]] std::uint64_t offset(std::size_t panel) const {
    std::uint64_t values = 0;
    for (std::size_t p = 0; p < panel; ++p) values += cut_.values(p);
    return values * sizeof(double);
  }

  io::ScratchFile file_;
  kernel::PanelCut cut_;
};

}  // namespace stockpot::engine
