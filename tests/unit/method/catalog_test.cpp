#include "stockpot/method/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "stockpot/base/error.hpp"

namespace stockpot::method {
namespace {

using testing::HasSubstr;

const std::filesystem::path sources = std::filesystem::path(__FILE__).parent_path() / "../../../src/method";

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

const std::vector<std::string> searched_soups{"greedy_soup", "learned_soup"};

TEST(Catalog, HasOneFileAndOneLinePerMethod) {
  const std::string definitions = read(sources / "methods.def");
  const std::regex line(R"(STOCKPOT_METHOD\((\w+)\))");
  std::vector<std::string> listed;
  for (std::sregex_iterator match(definitions.begin(), definitions.end(), line), end; match != end; ++match) {
    listed.push_back((*match)[1]);
  }
  std::vector<std::string> names;
  for (const Method* method : catalog()) names.push_back(method->schema().name);
  EXPECT_EQ(names, listed);
  for (const std::string& name : listed) {
    EXPECT_THAT(read(sources / (name + ".cpp")), HasSubstr("make_" + name + "()")) << name;
  }
}

TEST(Catalog, FindsMethodsByName) {
  for (const Method* method : catalog()) EXPECT_EQ(find_method(method->schema().name), method);
  EXPECT_EQ(find_method(""), nullptr);
  EXPECT_EQ(find_method("Linear"), nullptr);
}

TEST(Catalog, SoupsThatNeedASearchAreNotMerged) {
  recipe::Recipe recipe;
  for (const std::string& name : searched_soups) {
    recipe.method = name;
    EXPECT_EQ(find_method(name), find_method("uniform_soup"));
    try {
      require_mergeable(recipe);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr("use `stockpot soup`"));
    }
  }
  recipe.method = "uniform_soup";
  EXPECT_NO_THROW(require_mergeable(recipe));
  recipe.method = "slerp";
  recipe.searched_parameters = {"t"};
  EXPECT_THROW(require_mergeable(recipe), Error);
}

TEST(Catalog, SchemasMakeSense) {
  std::set<std::string> names;
  ASSERT_EQ(schema().size(), catalog().size() + searched_soups.size());
  for (const recipe::MethodSchema& method : schema()) {
    SCOPED_TRACE(method.name);
    EXPECT_TRUE(std::regex_match(method.name, std::regex("[a-z][a-z0-9_]*")));
    EXPECT_TRUE(names.insert(method.name).second) << "twice";
    EXPECT_FALSE(method.summary.empty());
    EXPECT_EQ(method.summary.find_first_of("|\n"), std::string::npos) << "it stands in a table";
    EXPECT_GE(method.minimum_models, method.needs_base_model ? 2U : 1U);
    if (method.maximum_models != 0) {
      EXPECT_GE(method.maximum_models, method.minimum_models);
    }
    std::set<std::string> parameters;
    for (const recipe::ParameterSpec& parameter : method.parameters) {
      SCOPED_TRACE(parameter.name);
      EXPECT_TRUE(parameters.insert(parameter.name).second) << "twice";
      EXPECT_FALSE(parameter.help.empty());
      EXPECT_EQ(parameter.kind == recipe::ParameterKind::choice, !parameter.choices.empty());
      EXPECT_FALSE(parameter.optional && parameter.default_value);
      if (parameter.default_value && parameter.minimum) {
        EXPECT_GE(*parameter.default_value, *parameter.minimum);
      }
      if (parameter.default_value && parameter.maximum) {
        EXPECT_LE(*parameter.default_value, *parameter.maximum);
      }
      if (parameter.kind == recipe::ParameterKind::boolean) {
        EXPECT_TRUE(parameter.default_value == 0.0 || parameter.default_value == 1.0);
      }
    }
  }
}

TEST(Catalog, TheTableListsEveryMethodAndParameter) {
  const std::string table = method_table();
  for (const recipe::MethodSchema& method : schema()) {
    EXPECT_THAT(table, HasSubstr("| `" + method.name + "` | " + method.summary + " |"));
    for (const recipe::ParameterSpec& parameter : method.parameters)
      EXPECT_THAT(table, HasSubstr("`" + parameter.name + "` ("));
  }
  EXPECT_EQ(static_cast<std::size_t>(std::count(table.begin(), table.end(), '\n')), schema().size() + 2);
}

}  // namespace
}  // namespace stockpot::method
