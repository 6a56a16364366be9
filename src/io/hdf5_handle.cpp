#include "hdf5_handle.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stockpot::io {
namespace {

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

herr_t append_description(unsigned, const H5E_error2_t* error, void* data) {
  std::string& text = *static_cast<std::string*>(data);
  constexpr std::size_t longest_text = 1000;
  if (error->desc == nullptr || text.size() > longest_text) return 0;
  if (!text.empty()) text += "; ";
  text += error->desc;
  return 0;
}

std::string error_stack() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, append_description, &text);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text.empty() ? "HDF5 gives no reason" : text;
}

}  // namespace

Hdf5Session::Hdf5Session() : lock_(library_mutex()) {
  H5Eget_auto2(H5E_DEFAULT, &reporter_, &reporter_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Session::~Hdf5Session() {
  H5Eset_auto2(H5E_DEFAULT, reporter_, reporter_data_);
}

void Hdf5Check::refuse(const std::string& message, const std::string& tensor) const {
  if (names_ == Hdf5Names::tensors) throw Error(code_, message, {file_, tensor});
  throw Error(code_, tensor.empty() ? message : fmt::format("object {}: {}", quote(tensor), message),
              {file_, ""});
}

void Hdf5Check::fail(std::string_view action, const std::string& tensor) const {
  refuse(fmt::format("HDF5 can't {}: {}", action, error_stack()), tensor);
}

}  // namespace stockpot::io
