"""`stats geometry` and `merge --statistics`: the numbers of their definition, the same whatever the machine, and
refusals that leave nothing behind."""

import json
import math
import random
import struct

import support
from support import INPUT, SYSTEM_IO, USAGE

NAMES = ("layers.0.weight", "layers.0.bias", "layers.1.weight", "norm", "empty")


def bf16_values(data):
    return [struct.unpack("<f", b"\0\0" + data[i : i + 2])[0] for i in range(0, len(data), 2)]


def norm(values):
    return math.sqrt(math.fsum(x * x for x in values))


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


class Geometry(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.new_scratch()
        cls.addClassCleanup(support.shutil.rmtree, cls.folder)
        cls.values = {}
        for model in ("base", "a", "b", "c"):
            generator = random.Random(model)
            large = support.random_bf16(generator, 1237 * 2111)
            tensors = {
                "layers.0.weight": ("BF16", [1237, 2111], large),  # more than one digest block: ranks share it
                "layers.0.bias": ("F32", [50], support.f32(*[generator.choice((0, 0.5, -0.25)) for _ in range(50)])),
                "layers.1.weight": ("F64", [40, 3], struct.pack("<120d", *[generator.gauss(0, 1) for _ in range(120)])),
                "norm": ("F32", [], support.f32(2.5)),  # the same everywhere: task vectors are zero
                "empty": ("F32", [0, 3], b""),
                "ids": ("I64", [2], struct.pack("<2q", 1, 2)),
            }
            support.write_model(cls.folder / model, tensors)
            cls.values[model] = {
                "layers.0.weight": bf16_values(large),
                "layers.0.bias": struct.unpack("<50f", tensors["layers.0.bias"][2]),
                "layers.1.weight": struct.unpack("<120d", tensors["layers.1.weight"][2]),
                "norm": [2.5],
                "empty": [],
            }

    def recipe_text(self, method="task_arithmetic", models="abc", more=""):
        entries = ", ".join(f"{{model: {self.folder / m}, parameters: {{weight: 0.5}}}}" for m in models)
        return f"merge_method: {method}\nbase_model: {self.folder / 'base'}\nmodels: [{entries}]\n{more}"

    def measure(self, recipe, *options, ranks=None, **how):
        out = self.scratch / "geometry.h5"
        arguments = ["stats", "geometry", recipe, "--out", out, "--json", "--progress", "none", "--durability", "none"]
        result = self.succeeds([*arguments, *options], ranks, **how)
        return json.loads(result.out), out.read_bytes()

    def assert_close(self, found, expected):
        self.assertTrue(math.isclose(found, expected, rel_tol=1e-11, abs_tol=1e-300), (found, expected))

    def check_item(self, item, names):
        models = ["a", "b", "c"]
        x = {m: [v for n in names for v in self.values[m][n]] for m in ("base", *models)}
        count = len(x["base"])
        self.assertEqual(item["elements"], count)
        mean = [math.fsum(column) / 3 for column in zip(*(x[m] for m in models), strict=True)]
        tasks = [[v - b for v, b in zip(x[m], x["base"], strict=True)] for m in models]
        self.assert_close(item["base_norm"], norm(x["base"]))
        self.assert_close(item["base_distance_to_center"], norm([b - m for b, m in zip(x["base"], mean, strict=True)]))
        for i, model in enumerate(models):
            self.assert_close(item["norm"][i], norm(x[model]))
            self.assert_close(item["task_norm"][i], norm(tasks[i]))
            if any(v != x[models[0]][0] for v in x[model]):
                distances = [v - m for v, m in zip(x[model], mean, strict=True)]
                self.assert_close(item["distance_to_center"][i], norm(distances))
            if count:
                self.assert_close(item["sparsity"][i], sum(v == 0 for v in x[model]) / count)
            else:
                self.assertIsNone(item["sparsity"][i])
            for j in range(3):
                scale = norm(tasks[i]) * norm(tasks[j])
                self.assertLessEqual(abs(item["gram"][i][j] - dot(tasks[i], tasks[j])), 1e-11 * scale)
                if scale == 0:
                    self.assertIsNone(item["cosine"][i][j])
                    self.assertIsNone(item["angle"][i][j])
                elif i == j:
                    self.assertEqual((item["cosine"][i][j], item["angle"][i][j]), (1, 0))
                else:
                    cosine = dot(tasks[i], tasks[j]) / scale
                    self.assertLess(abs(item["cosine"][i][j] - cosine), 1e-11)
                    self.assertLess(abs(item["angle"][i][j] - math.degrees(math.acos(cosine))), 1e-8)
        if count:
            conflicts = sum(max(d) > 0 > min(d) for d in zip(*tasks, strict=True))
            self.assert_close(item["sign_conflict"], conflicts / count)
        else:
            self.assertIsNone(item["sign_conflict"])

    def test_numbers_are_those_of_the_definition(self):
        found, _ = self.measure(self.write_recipe(self.recipe_text()))
        self.assertEqual(found["models"], [str(self.folder / m) for m in "abc"])
        self.assertEqual(found["base_model"], str(self.folder / "base"))
        self.assertEqual(list(found), ["models", "base_model", "tensor", "layer", "model"])
        self.assertEqual(list(found["tensor"]), sorted(NAMES))
        self.assertEqual(list(found["layer"]), ["empty", "layers.0", "layers.1", "norm"])
        for name in NAMES[1:]:
            with self.subTest(tensor=name):
                self.check_item(found["tensor"][name], [name])
        self.check_item(found["layer"]["layers.0"], ["layers.0.bias", "layers.0.weight"])
        self.check_item(found["model"]["all"], sorted(NAMES))

    def test_the_same_file_whoever_measures(self):
        recipe = self.write_recipe(self.recipe_text())
        expected = self.measure(recipe)
        settings = [(None, ["--threads", threads], {}) for threads in (1, 3)]
        settings += [(None, ["--threads", 2, "--memory", "100MiB"], {}), (None, [], {"STOCKPOT_SIMD": "scalar"})]
        settings += [(ranks, ["--threads", 1], {}) for ranks in support.rank_counts(1, 2, 3, 4)]
        settings += [(4, ["--grid", "2x2"], {}), (3, ["--grid", "1x3"], {})] if support.mpiexec else []
        for ranks, options, environment in settings:
            with self.subTest(ranks=ranks, options=options, **environment):
                self.assertTrue(self.measure(recipe, *options, ranks=ranks, env=environment) == expected)
        for method in ("linear", "task_arithmetic"):
            recipe = self.write_recipe(self.recipe_text(method))
            for ranks, options in [(None, []), *((4, ["--grid", "2x2"]) for _ in support.rank_counts(4))]:
                with self.subTest(method=method, ranks=ranks):
                    file = self.scratch / "merged.h5"
                    self.merges(recipe, "--overwrite", "--statistics", file, *options, ranks=ranks)
                    self.assertTrue(file.read_bytes() == expected[1])

    def refuses_all(self, code, arguments, words, counts=(None,)):
        for ranks in support.rank_counts(*counts):
            with self.subTest(arguments=[str(a) for a in arguments], ranks=ranks):
                self.refuses(code, [*arguments, "--progress", "none"], words, ranks)
                self.leaves_nothing()
                self.assertEqual([p.name for p in self.scratch.iterdir() if "h5" in p.name], [])

    def test_refusals_leave_nothing(self):
        recipe = self.write_recipe(self.recipe_text())
        file = self.scratch / "geometry.h5"
        measure = ["stats", "geometry", recipe]
        self.refuses_all(USAGE, measure, ["--out"])
        self.refuses(USAGE, ["stats"], ["stats --help"])
        self.refuses_all(USAGE, ["stats", "geometri", recipe], ["geometry"])
        self.refuses_all(USAGE, [*measure, "--out", self.folder], ["folder"])
        self.refuses_all(SYSTEM_IO, [*measure, "--out", self.scratch / "missing" / "s.h5"], ["s.h5"], (None, 3))
        self.refuses_all(USAGE, ["merge", recipe, self.out, "--resume", "--statistics", file], ["--resume"])
        copy = self.write_recipe(f"merge_method: passthrough\nmodels: [{{model: {self.folder / 'a'}}}]\n", "copy.yml")
        self.refuses_all(USAGE, ["merge", copy, self.out, "--statistics", file], ["copied"])
        alone = self.write_recipe(self.recipe_text("linear", ["base"]), "alone.yml")
        self.refuses_all(USAGE, ["stats", "geometry", alone, "--out", file], ["base_model"])
        bad = self.scratch / "bad"
        support.write_model(bad, {"layers.0.bias": ("F32", [2], support.f32(1, math.nan))})
        holding = self.write_recipe(f"merge_method: uniform_soup\nmodels: [{{model: {bad}}}]\n", "bad.yml")
        named = ["bad/model.safetensors", "layers.0.bias"]
        self.refuses_all(INPUT, ["stats", "geometry", holding, "--out", file], named, (None, 3))

    def test_help_lists_it(self):
        self.assertIn("stats", self.succeeds(["--help"]).out)
        self.assertIn("geometry", self.succeeds(["stats", "--help"]).out)
        self.assertIn("--out", self.succeeds(["stats", "geometry", "--help"]).out)


if __name__ == "__main__":
    support.main()
