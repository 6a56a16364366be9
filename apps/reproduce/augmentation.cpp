#include "augmentation.hpp"

#include <algorithm>
#include <utility>

namespace stockpot::reproduce {

std::function<void(std::uint64_t, std::uint64_t, std::span<double>)> changed_somehow(
    std::vector<ImageChange> changes, RandomStream choice, RandomStream stream) {
  return [changes = std::move(changes), choice, stream](std::uint64_t epoch, std::uint64_t example,
                                                        std::span<double> pixels) {
    const std::uint64_t place = epoch * digits().size() + example;
    const auto which = static_cast<std::size_t>(choice.unit(place) * static_cast<double>(changes.size() + 1));
    if (which == changes.size()) return;
    Image image{};
    std::copy(pixels.begin(), pixels.end(), image.begin());
    image = changes[which](image, stream, place * image_pixels);
    std::copy(image.begin(), image.end(), pixels.begin());
  };
}

}  // namespace stockpot::reproduce
