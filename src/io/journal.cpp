#include "stockpot/io/journal.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>

#include "stockpot/base/error.hpp"
#include "system_error.hpp"

namespace stockpot::io {
namespace {

constexpr std::string_view magic = "SPJRNL01";
constexpr std::size_t digest_bytes = sizeof(Digest::bytes);
constexpr std::size_t head_bytes = sizeof(std::uint64_t) + sizeof(std::uint32_t);
constexpr std::size_t check_bytes = sizeof(std::uint64_t);

template <typename Number>
void append_number(std::vector<std::byte>& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}

template <typename Number>
Number load_number(std::span<const std::byte> bytes) {
  Number value = 0;
  for (std::size_t i = sizeof value; i-- > 0;) {
    value = static_cast<Number>(value << 8 | std::to_integer<Number>(bytes[i]));
  }
  return value;
}

void append_digest(std::vector<std::byte>& out, const Digest& digest) {
  for (const std::uint8_t byte : digest.bytes) out.push_back(std::byte{byte});
}

Digest load_digest(std::span<const std::byte> bytes) {
  Digest digest;
  std::memcpy(digest.bytes.data(), bytes.data(), digest_bytes);
  return digest;
}

std::vector<std::byte> file_head(const Digest& job) {
  std::vector<std::byte> head;
  for (const char c : magic) head.push_back(static_cast<std::byte>(c));
  append_digest(head, job);
  return head;
}

std::filesystem::path journal_folder(const std::filesystem::path& partial_folder) {
  return partial_folder / journal_folder_name;
}

void check_run_name(const std::string& run) {
  const bool plain = !run.empty() && std::all_of(run.begin(), run.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (!plain)
    throw Error(ExitCode::usage, "a run's name must be of letters, digits, - and _, is " + quote(run));
}

}  // namespace

std::map<std::uint64_t, std::vector<Digest>> parse_journal(std::span<const std::byte> bytes,
                                                           const Digest& job) {
  std::map<std::uint64_t, std::vector<Digest>> items;
  const std::vector<std::byte> head = file_head(job);
  if (bytes.size() < head.size() || !std::equal(head.begin(), head.end(), bytes.begin())) return items;
  bytes = bytes.subspan(head.size());
  while (bytes.size() >= head_bytes + check_bytes) {
    const auto item = load_number<std::uint64_t>(bytes);
    const auto count = load_number<std::uint32_t>(bytes.subspan(sizeof item));
    const std::uint64_t body_bytes = head_bytes + std::uint64_t{count} * digest_bytes;
    if (body_bytes + check_bytes > bytes.size()) break;
    const std::span<const std::byte> body = bytes.first(static_cast<std::size_t>(body_bytes));
    if (load_number<std::uint64_t>(bytes.subspan(body.size())) != XXH3_64bits(body.data(), body.size()))
      break;
    std::vector<Digest>& digests = items[item];
    digests.clear();
    for (std::size_t i = 0; i < count; ++i) {
      digests.push_back(load_digest(body.subspan(head_bytes + i * digest_bytes)));
    }
    bytes = bytes.subspan(body.size() + check_bytes);
  }
  return items;
}

struct JournalWriter::State {
  explicit State(File journal) : file(std::move(journal)) {}
  std::mutex mutex;
  File file;
  std::uint64_t end = 0;
};

JournalWriter::JournalWriter(const std::filesystem::path& partial_folder, const Digest& job, int rank,
                             const std::string& run) {
  check_run_name(run);
  const std::filesystem::path folder = journal_folder(partial_folder);
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    throw_write_error(folder, "create this folder", errno);
  state_ = std::make_shared<State>(File::create_new(folder / fmt::format("{}.{}.bin", rank, run)));
  const std::vector<std::byte> head = file_head(job);
  state_->file.write_all(0, head);
  state_->end = head.size();
}

void JournalWriter::append(std::uint64_t item, std::span<const Digest> digests) {
  std::vector<std::byte> record;
  record.reserve(head_bytes + digests.size() * digest_bytes + check_bytes);
  append_number(record, item);
  append_number(record, static_cast<std::uint32_t>(digests.size()));
  for (const Digest& digest : digests) append_digest(record, digest);
  append_number(record, static_cast<std::uint64_t>(XXH3_64bits(record.data(), record.size())));
  const std::scoped_lock lock(state_->mutex);
  state_->file.write_all(state_->end, record);
  state_->end += record.size();
}

void JournalWriter::sync() {
  // Syncing needs no lock: a record that is being appended may or may not be in.
  state_->file.sync();
  sync_folder(state_->file.path().parent_path());
}

std::map<std::uint64_t, std::vector<Digest>> read_journals(const std::filesystem::path& partial_folder,
                                                           const Digest& job) {
  std::map<std::uint64_t, std::vector<Digest>> items;
  const std::filesystem::path folder = journal_folder(partial_folder);
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(folder))) return items;
  std::vector<std::filesystem::path> files;
  std::error_code failure;
  std::filesystem::directory_iterator entry(folder, failure);
  while (!failure && entry != std::filesystem::directory_iterator()) {
    if (std::filesystem::is_regular_file(entry->symlink_status(failure))) files.push_back(entry->path());
    entry.increment(failure);
  }
  if (failure) throw_read_error(folder, "list this folder", failure.value());
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& path : files) {
    const File file = File::open_to_read(path);
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size()));
    file.read_exact(0, bytes);
    for (auto& [item, digests] : parse_journal(bytes, job)) items[item] = std::move(digests);
  }
  return items;
}

}  // namespace stockpot::io
