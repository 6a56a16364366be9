#include <cstdio>

#include "stockpot/base/error.hpp"
#include "stockpot/io/safetensors.hpp"

/// header_check FILE...: one line per file, "accept" or "reject: reason".
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    try {
      stockpot::io::read_safetensors_header(stockpot::io::File::open_to_read(argv[i]));
      std::puts("accept");
    } catch (const stockpot::Error& error) {
      std::printf("reject: %s\n", error.what());
    }
  }
  return argc > 1 ? 0 : 2;
}
