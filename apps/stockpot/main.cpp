#include "stockpot/cli/main.hpp"

int main(int argc, char** argv) {
  return stockpot::cli::run(argc, argv);
}
