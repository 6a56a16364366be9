#pragma once

#include <hdf5.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "stockpot/base/error.hpp"
#include "stockpot/base/unique_handle.hpp"

/// The HDF5 C API with owners and exceptions. The library is not thread safe: every use happens while an
/// `Hdf5Session` is alive.
namespace stockpot::io {

struct Hdf5Traits {
  using Handle = hid_t;
  static Handle none() noexcept { return H5I_INVALID_HID; }
  static void release(Handle handle) noexcept { H5Idec_ref(handle); }
};
using Hdf5Handle = UniqueHandle<Hdf5Traits>;

/// Holds the process-wide lock of the library, and keeps it from printing errors itself.
class Hdf5Session {
 public:
  Hdf5Session();
  ~Hdf5Session();
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

 private:
  std::scoped_lock<std::mutex> lock_;
  H5E_auto2_t reporter_ = nullptr;
  void* reporter_data_ = nullptr;
};

/// What the names are that an `Hdf5Check` is given: tensors of a state dict, or paths of objects in the file.
enum class Hdf5Names { tensors, objects };

/// Turns failures of the library into Error{code} with its own error stack in one line.
class Hdf5Check {
 public:
  Hdf5Check(ExitCode code, const std::filesystem::path& file, Hdf5Names names = Hdf5Names::tensors)
      : code_(code), file_(file.string()), names_(names) {}

  /// Owner of what a H5?open or H5?create call returned.
  [[nodiscard]] Hdf5Handle own(hid_t handle, std::string_view action, const std::string& tensor = {}) const {
    if (handle < 0) fail(action, tensor);
    return Hdf5Handle(handle);
  }
  /// The non-negative result of any other call.
  template <typename Result>
  Result value(Result result, std::string_view action, const std::string& tensor = {}) const {
    if (result < 0) fail(action, tensor);
    return result;
  }
  [[noreturn]] void refuse(const std::string& message, const std::string& tensor = {}) const;
  [[noreturn]] void fail(std::string_view action, const std::string& tensor) const;
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  ExitCode code_;
  std::string file_;
  Hdf5Names names_;
};

}  // namespace stockpot::io
