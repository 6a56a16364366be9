"""Recipes that can't be run: YAML traps, typos, values that make no sense. Every problem is told, with the fix."""

import os

import support
from support import INPUT, USAGE, f32

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))


class BadRecipes(support.Case):
    def setUp(self):
        super().setUp()
        for name in ("a", "b"):
            support.write_model(
                self.scratch / name, {"model.layers.0.w": ("F32", [2], f32(1, 2)), "norm": ("F32", [1], f32(1))}
            )
        entries = ", ".join(f"{{model: {self.scratch}/{name}, parameters: {{weight: 1}}}}" for name in ("a", "b"))
        self.models = f"models: [{entries}]\n"
        self.linear = "merge_method: linear\n" + self.models

    def refused(self, text, *words, code=USAGE, counts=(None,)):
        self.refuses_merge(code, text, words, counts=counts)

    # YAML

    def test_recursive(self):
        self.refused("models: &m [*m]\nmerge_method: linear\n", "recipe.yml", "line 1", counts=(None, 3))
        self.refused("a: &a\n  b:\n    c: *a\nmerge_method: linear\n", "recipe.yml", "line 3")
        self.refused("<<: &a {<<: *a}\nmerge_method: linear\n", "recipe.yml")

    def test_billion_laughs(self):
        self.refused(LAUGHS + "merge_method: linear\nmodels: *a11\n", "recipe.yml", counts=(None, 3))

    def test_deep_nesting(self):
        self.refused("[" * 200_000, "recipe.yml", counts=(None, 3))
        self.refused("- " * 200_000 + "x", "recipe.yml")
        self.refused("{a: " * 100_000 + "}" * 100_000, "recipe.yml")

    def test_no_recipe(self):
        for text in ("", "# nothing\n", "[]", "linear", "---\n...\n", "~"):
            with self.subTest(text):
                self.refused(text, "recipe.yml")

    def test_broken_yaml(self):
        for text in (
            "merge_method: [linear",
            "merge_method: linear\n\tmodels: []",
            "a: b: c",
            "merge_method: *unknown",
            "{",
            '"',
            "%YAML 9.9\n---\na: 1",
        ):
            with self.subTest(text):
                self.refused(text, "recipe.yml", "line")

    def test_two_documents(self):
        self.refused(self.linear + "---\n" + self.linear, "line 3")

    def test_binary(self):
        for content in (b"merge_method: linear\n\xff\xfe", b"\0" * 5000, os.urandom(20_000)):
            path = self.scratch / "binary.yml"
            path.write_bytes(content)
            self.refuses(USAGE, ["merge", path, self.out], [path])
            self.leaves_nothing()

    def test_too_large(self):
        path = self.scratch / "large.yml"
        with path.open("wb") as file:
            file.truncate(1 << 40)
        for ranks in support.rank_counts(None, 3):
            self.refuses(USAGE, ["merge", path, self.out], [path], ranks)

    def test_no_file(self):
        for path in (self.scratch / "nowhere.yml", self.scratch):
            for ranks in support.rank_counts(None, 3):
                self.refuses(USAGE, ["merge", path, self.out], [path], ranks)

    # Keys and values

    def test_unknown_keys(self):
        self.refused(
            self.linear + "paramters: {normalize: true}\n", "line 3", "paramters", "'parameters'", counts=(None, 3)
        )
        self.refused(self.linear + "dtipe: bfloat16\n", "'dtype'")
        self.refused("merge_methd: linear\n" + self.models, "'merge_method'")
        self.refused(self.linear + "parameters: {normalise: true}\n", "'normalize'")
        self.refused(self.linear.replace("weight", "wieght", 1), "'weight'")
        self.refused(self.linear.replace("{model:", "{modle:", 1), "'model'")

    def test_lenient(self):
        recipe = self.write_recipe(self.linear + "dtipe: bfloat16\n")
        result = self.merges(recipe, "--lenient")
        self.assertEqual(len(result.warnings), 1, result.err)
        self.assertIn("'dtype'", result.warnings[0])

    def test_every_problem_at_once(self):
        text = self.linear + "dtipe: bfloat16\nscope: tensr\nsemantics: papr\ninclude: ['(']\n"
        self.refused(
            text,
            "4 problems",
            "line 3",
            "'dtype'",
            "line 4",
            "'tensor'",
            "line 5",
            "'paper'",
            "line 6",
            "'('",
            counts=(None, 3),
        )

    def test_duplicate_key(self):
        self.refused(self.linear + "merge_method: linear\n", "merge_method", "twice")

    def test_methods(self):
        self.refused("merge_method: liner\n" + self.models, "'liner'", "'linear'", counts=(None, 3))
        self.refused("merge_method: [linear]\n" + self.models, "merge_method")
        self.refused(self.models, "merge_method")

    def test_methods_that_do_not_fit(self):
        self.refused("merge_method: task_arithmetic\n" + self.models, "task_arithmetic", "base_model")
        self.refused(f"merge_method: linear\nmodels: [{{model: {self.scratch}/a}}]\n", "weight", f"{self.scratch}/a")
        self.refused(f"merge_method: weighted\nmodels: [{{model: {self.scratch}/a}}]\n", "examples")
        self.refused("merge_method: passthrough\n" + self.models, "passthrough")

    def test_models(self):
        self.refused("merge_method: linear\n", "models")
        self.refused("merge_method: linear\nmodels: []\n", "models")
        self.refused("merge_method: linear\nmodels: {}\n", "models")
        self.refused("merge_method: linear\nmodels: 7\n", "models")
        self.refused(
            self.linear + f"slices: [{{sources: [{{model: {self.scratch}/a, layer_range: [0, 1]}}]}}]\n", "slices"
        )

    def test_values(self):
        for value in (".nan", ".inf", "heavy", "[]", "{}", "1e999"):
            with self.subTest(value):
                self.refused(self.linear.replace("weight: 1", f"weight: {value}", 1), "weight")
        self.refused(self.linear + "dtype: int7\n", "int7", "bfloat16")
        self.refused(self.linear + "parameters: {normalize: maybe}\n", "normalize")
        self.refused(self.linear + "include: ['(']\n", "'('")
        self.refused(self.linear + "names: [{from: '(', to: x}]\n", "'('")

    def test_weights_that_sum_to_zero(self):
        self.refused(self.linear.replace("weight: 1", "weight: 0"), "weights", "zero", counts=(None, 3))

    # Models that the recipe names

    def test_models_that_are_not_here(self):
        self.refused(
            "merge_method: uniform_soup\nmodels: [{model: org/name}]\n",
            "org/name",
            "download",
            code=INPUT,
            counts=(None, 3),
        )
        self.refused(f"merge_method: uniform_soup\nmodels: {{glob: '{self.scratch}/step*'}}\n", "step*", code=INPUT)

    def test_layers_that_are_not_there(self):
        text = (
            f"merge_method: passthrough\nslices: [{{sources: [{{model: {self.scratch}/a, layer_range: [0, 99]}}]}}]\n"
        )
        self.refused(text, f"{self.scratch}/a", "model.layers.", code=INPUT, counts=(None, 3))

    def test_equal_names(self):
        entries = ", ".join(f"{{model: {self.scratch}/{name}, name: x}}" for name in ("a", "b"))
        self.refused(f"merge_method: uniform_soup\nmodels: [{entries}]\n", "'x'")

    # The same through `plan`

    def test_plan_lists_all(self):
        recipe = self.write_recipe(self.linear + "dtipe: bfloat16\nscope: tensr\n")
        result = support.run(["plan", recipe])
        self.assertEqual(result.code, USAGE)
        for word in ("'dtype'", "'tensor'"):
            self.assertIn(word, result.err)


if __name__ == "__main__":
    support.main()
