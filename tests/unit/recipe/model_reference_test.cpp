#include "stockpot/recipe/model_reference.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stockpot::recipe {
namespace {

TEST(ModelReference, all_parts) {
  std::string why;
  const auto reference = parse_model_reference("org/name@rev+org/lora@v2", why);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->text, "org/name@rev+org/lora@v2");
  EXPECT_EQ(reference->path, "org/name");
  EXPECT_EQ(reference->revision, "rev");
  EXPECT_EQ(reference->adapter, "org/lora");
  EXPECT_EQ(reference->adapter_revision, "v2");
}

TEST(ModelReference, path_alone) {
  for (const std::string path :
       {"./a", "/data/{rank}/m", "org/name", "C:\\models\\a", "a b", "gpt-2", "~/m", "模型"}) {
    std::string why;
    const auto reference = parse_model_reference(path, why);
    ASSERT_TRUE(reference) << path;
    EXPECT_EQ(reference->path, path);
    EXPECT_TRUE(reference->revision.empty());
    EXPECT_FALSE(reference->adapter);
  }
}

TEST(ModelReference, plus_always_means_an_adapter) {
  std::string why;
  const auto reference = parse_model_reference("./a+b", why);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->path, "./a");
  EXPECT_EQ(reference->adapter, "b");
}

TEST(ModelReference, refuses_what_is_ambiguous_or_empty) {
  for (const char* text :
       {"", "+lora", "a+", "a+b+c", "a@b@c", "a@", "@r", "a+b@c@d", "a+b@", "a\nb", "a\tb"}) {
    std::string why;
    EXPECT_FALSE(parse_model_reference(text, why)) << text;
    EXPECT_FALSE(why.empty()) << text;
  }
}

}  // namespace
}  // namespace stockpot::recipe
