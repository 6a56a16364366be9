#pragma once

namespace stockpot::recipe {

/// What shares one threshold, norm or angle.
enum class Scope { tensor, layer, model };

}  // namespace stockpot::recipe
