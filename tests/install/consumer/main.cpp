#include <iostream>

#include "stockpot/base/text.hpp"
#include "stockpot/base/version.hpp"

int main() {
  if (!stockpot::natural_less("layers.2", "layers.10")) return 1;
  std::cout << "layers.2 comes before layers.10, says stockpot " << stockpot::version() << "\n";
  return 0;
}
