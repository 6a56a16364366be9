#include "stockpot/checkpoint/model_digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <stdexcept>

namespace stockpot::checkpoint {

Digest model_digest(const Checkpoint& checkpoint, std::span<const Digest> tensors) {
  if (tensors.size() != checkpoint.tensors.size()) {
    throw std::invalid_argument("model_digest: not one digest for each tensor");
  }
  Digester digester;
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const StoredTensor& tensor = checkpoint.tensors[t];
    digester.add(std::string_view(fmt::format("{} {} {} {}\n", tensor.name, name(tensor.dtype),
                                              fmt::join(tensor.shape, ","), tensors[t].hex())));
  }
  return digester.finish();
}

}  // namespace stockpot::checkpoint
