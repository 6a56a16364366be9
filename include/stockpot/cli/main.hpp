#pragma once

namespace stockpot::cli {

/// The program `stockpot`: subcommand, options, communicator, signals, exit code. Prints one line per failure
/// on rank 0.
int run(int argc, char** argv);

}  // namespace stockpot::cli
