#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stockpot/base/error.hpp"

namespace stockpot::checkpoint {

/// Runs `action`, which must throw an Error of this code that speaks, on one line, of every part.
template <typename Action>
void expect_error(ExitCode code, const std::vector<std::string>& parts, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.code(), code) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    for (const std::string& part : parts) EXPECT_THAT(message, testing::HasSubstr(part));
    return;
  }
  ADD_FAILURE() << "no error; expected one about " << testing::PrintToString(parts);
}

}  // namespace stockpot::checkpoint
