#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "checkpoint/scaled_elements.hpp"
#include "stockpot/base/error.hpp"
#include "stockpot/checkpoint/view.hpp"

namespace stockpot::checkpoint {
namespace {

namespace fs = std::filesystem;

/// Byte offset of an element of a packed array. @pre it begins a byte
std::uint64_t byte_of(DType dtype, std::uint64_t element) {
  return element * static_cast<std::uint64_t>(bits(dtype)) / 8;
}

/// The two coincide on Linux: st_mtim in nanoseconds since 1970.
std::optional<std::int64_t> modified_ns(const fs::path& path) {
  std::error_code failure;
  const fs::file_time_type time = fs::last_write_time(path, failure);
  if (failure) return std::nullopt;
  const auto since_epoch = fs::file_time_type::clock::to_sys(time).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

[[noreturn]] void report_change(const fs::path& path) {
  throw Error{ExitCode::input, "changed since its header was read", {path.string(), {}}};
}

}  // namespace

struct ViewReader::State {
  struct Slot {
    std::mutex mutex;
    std::optional<io::File> file;
  };

  explicit State(const Checkpoint& of) : checkpoint(of), slots(of.files.size()) {}

  const io::File& file(std::uint32_t index) {
    Slot& slot = slots[index];
    const std::lock_guard lock(slot.mutex);
    if (!slot.file) {
      const StoredFile& stored = checkpoint.files[index];
      io::File file = io::File::open_to_read(stored.path);
      if (file.size() != stored.identity.size) report_change(stored.path);
      slot.file.emplace(std::move(file));
    }
    return *slot.file;
  }

  /// Reads bytes of a tensor; errors name it.
  void read_bytes(const StoredTensor& tensor, std::uint64_t offset, std::span<std::byte> out) {
    try {
      file(tensor.file).read_exact(tensor.offset + offset, out);
    } catch (const Error& failure) {
      if (!failure.subject().tensor.empty()) throw;
      throw Error{failure.code(), "tensor " + quote(tensor.name) + ": " + failure.what(), {}};
    }
  }

  const Checkpoint& checkpoint;
  std::vector<Slot> slots;
};

namespace {

/// Consecutive elements of one part's tensor, and where they go.
struct Segment {
  const ViewPart* part = nullptr;
  std::uint64_t first = 0;  ///< in the stored tensor
  std::uint64_t count = 0;
  std::byte* out = nullptr;
};

/// Calls `use(Segment)` for the pieces of elements [first, first + count) of the view, in order, those that
/// touch in one tensor as one.
template <typename Use>
void for_each_segment(const TensorView& view, std::uint64_t first, std::uint64_t count, std::byte* out,
                      const Use& use) {
  std::uint64_t row_elements = 0;
  for (const ViewPart& part : view.parts) row_elements += part.run;
  Segment pending;
  std::uint64_t row = first / row_elements;
  std::uint64_t skipped = first % row_elements;
  for (; count > 0; ++row, skipped = 0) {
    for (const ViewPart& part : view.parts) {
      if (skipped >= part.run) {
        skipped -= part.run;
        continue;
      }
      const std::uint64_t taken = std::min(part.run - skipped, count);
      const std::uint64_t begin = part.first + row * part.stride + skipped;
      skipped = 0;
      if (pending.part != nullptr && pending.part->tensor == part.tensor &&
          pending.first + pending.count == begin) {
        pending.count += taken;
      } else {
        if (pending.part != nullptr) use(pending);
        pending = {&part, begin, taken, out};
      }
      out += byte_of(view.dtype, taken);
      count -= taken;
      if (count == 0) break;
    }
  }
  if (pending.part != nullptr) use(pending);
}

}  // namespace

ViewReader::ViewReader(const Checkpoint& checkpoint) : state_(std::make_unique<State>(checkpoint)) {}
ViewReader::~ViewReader() = default;
ViewReader::ViewReader(ViewReader&&) noexcept = default;
ViewReader& ViewReader::operator=(ViewReader&&) noexcept = default;

void ViewReader::read(const TensorView& view, std::uint64_t first, std::uint64_t count,
                      std::byte* out) const {
  const std::uint64_t elements = view.elements();
  if (first > elements || count > elements - first) throw std::out_of_range("ViewReader::read: " + view.name);
  if (count == 0) return;
  for_each_segment(view, first, count, out, [&](const Segment& segment) {
    const StoredTensor& tensor = state_->checkpoint.tensors[segment.part->tensor];
    const std::uint64_t begin = byte_of(tensor.dtype, segment.first);
    const std::uint64_t size = byte_of(tensor.dtype, segment.first + segment.count) - begin;
    if (!segment.part->scale) {
      state_->read_bytes(tensor, begin, {segment.out, size});
      return;
    }
    const BlockScale& scale = *segment.part->scale;
    const StoredTensor& scales = state_->checkpoint.tensors[scale.tensor];
    const ScaleRange range = scales_of(scale, segment.first, segment.count);
    std::vector<std::byte> stored_scales(byte_of(scales.dtype, range.count));
    state_->read_bytes(scales, byte_of(scales.dtype, range.first), stored_scales);
    std::byte* codes = segment.out + segment.count * sizeof(double) - size;
    state_->read_bytes(tensor, begin, {codes, size});
    expand_scaled(tensor.dtype, scale, segment.first, segment.count, scales.dtype, stored_scales.data(),
                  range.first, segment.out);
  });
}

void ViewReader::read_stored(const StoredTensor& tensor, std::uint64_t offset,
                             std::span<std::byte> out) const {
  if (offset > tensor.bytes || out.size() > tensor.bytes - offset) {
    throw std::out_of_range("ViewReader::read_stored: " + tensor.name);
  }
  if (!out.empty()) state_->read_bytes(tensor, offset, out);
}

void ViewReader::check_unchanged() const {
  for (const StoredFile& file : state_->checkpoint.files) {
    std::error_code failure;
    const std::uint64_t size = fs::file_size(file.path, failure);
    if (failure || size != file.identity.size || modified_ns(file.path) != file.identity.modified_ns) {
      report_change(file.path);
    }
  }
}

}  // namespace stockpot::checkpoint
