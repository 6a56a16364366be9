#include "stockpot/comm/communicator.hpp"

#include "stockpot/comm/threads.hpp"

namespace stockpot::comm {

std::string Communicator::broadcast(const std::string& text, int root, std::string_view what) {
  std::uint64_t length = text.size();
  broadcast(std::span<std::uint64_t>(&length, 1), root, what);
  std::string received = rank() == root ? text : std::string(length, '\0');
  broadcast(std::span<char>(received), root, what);
  return received;
}

std::vector<std::string> Communicator::all_gather(const std::string& text, std::string_view what) {
  std::vector<std::uint64_t> counts;
  const std::vector<std::byte> bytes =
      transport_->all_gather(std::as_bytes(std::span<const char>(text)), counts, what);
  std::vector<std::string> texts;
  texts.reserve(counts.size());
  const auto* next = reinterpret_cast<const char*>(bytes.data());
  for (const std::uint64_t count : counts) {
    texts.emplace_back(next, count);
    next += count;
  }
  return texts;
}

Communicator make_serial() {
  return std::move(make_threads(1).front());
}

}  // namespace stockpot::comm
