"""One recipe gives one set of bytes, whatever the machine: ranks, threads, grids, memory, instructions. And what
`plan` predicts is what the run measures."""

import json
import random
import re
import struct

import support
from support import USAGE

MIB = 1 << 20


class Determinism(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.models = cls.new_scratch()
        cls.addClassCleanup(support.shutil.rmtree, cls.models)
        for number in range(4):
            tensors = support.llama_like(number, layers=4, hidden=64, inner=160)
            # More than one digest block and an odd end; a tensor per dtype that merges.
            tensors["model.embed_tokens.weight"] = (
                "BF16",
                [1237, 2111],
                support.random_bf16(random.Random(100 + number), 1237 * 2111),
            )
            generator = random.Random(200 + number)
            tensors["half"] = ("F16", [77], struct.pack("<77e", *[generator.gauss(0, 1) for _ in range(77)]))
            tensors["single"] = ("F32", [1001], support.f32(*[generator.gauss(0, 1) for _ in range(1001)]))
            tensors["double"] = ("F64", [5], struct.pack("<5d", *[generator.gauss(0, 1) for _ in range(5)]))
            tensors["empty"] = ("F32", [0, 3], b"")
            support.write_model(cls.models / f"m{number}", tensors, shards=number + 1)

    def recipes(self):
        paths = [self.models / f"m{number}" for number in range(4)]
        yield "linear", support.linear_recipe(*paths)
        entries = ", ".join(
            f"{{model: {path}, parameters: {{weight: 0.{number + 3}}}}}" for number, path in enumerate(paths[1:])
        )
        yield (
            "task_arithmetic",
            (
                f"merge_method: task_arithmetic\nbase_model: {paths[0]}\nparameters: {{lambda: 0.7}}\n"
                f"dtype: float32\nmodels: [{entries}]\n"
            ),
        )
        yield (
            "sparsify",
            (
                f"merge_method: linear\nbase_model: {paths[0]}\nsparsify: {{method: dare, drop: 0.6}}\n"
                f"models: [{entries}]\n"
            ),
        )

    def settings(self):
        """(ranks, options, environment)"""
        for threads in (1, 2, 3, 4):
            yield None, ["--threads", threads], {}
        yield None, ["--threads", 2], {"STOCKPOT_SIMD": "scalar"}
        smallest = self.smallest_memory(["--threads", 2])
        for memory in (smallest, smallest + MIB, smallest + 20 * MIB, 4096 * MIB):
            yield None, ["--threads", 2, "--memory", memory], {}
        for ranks in support.rank_counts(1, 2, 3, 7):
            yield ranks, ["--threads", 1 + ranks % 2], {}
        for grid in ("4x1", "2x2", "1x4"):
            for ranks in support.rank_counts(4):
                yield ranks, ["--grid", grid, "--threads", 2], {}
        for ranks in support.rank_counts(3):
            yield ranks, ["--grid", "1x3", "--threads", 1, "--memory", smallest + 30 * MIB], {"STOCKPOT_SIMD": "scalar"}

    def smallest_memory(self, options):
        """What the refusal of too little says."""
        refused = support.run(["merge", self.recipe, self.out, *options, "--memory", "1KiB"])
        self.assertEqual(refused.code, USAGE, refused.err)
        return int(re.search(r"\((\d+) bytes\)", refused.err).group(1))

    def planned(self, ranks, options, environment):
        result = self.succeeds(["plan", self.recipe, "--json", "--ranks", ranks or 1, *options], env=environment)
        return json.loads(result.out)

    def check_forecast(self, plan, options):
        run = json.loads((self.out / "stockpot_run.json").read_text())
        self.assertEqual(run["ranks"], plan["ranks"])
        self.assertEqual(run["grid"], plan["grid"])
        limit = options[options.index("--memory") + 1] if "--memory" in options else None
        for measured, predicted in zip(run["per_rank"], plan["per_rank"], strict=True):
            self.assertEqual(measured["bytes"], predicted["bytes"])
            self.assertLessEqual(measured["peak_resident_bytes"], predicted["peak_resident_bytes"])
            if limit:
                self.assertLessEqual(measured["peak_resident_bytes"], limit)
        self.assertEqual(run["bytes"], plan["totals"]["bytes"])

    def test_same_bytes_and_as_planned(self):
        for name, text in self.recipes():
            self.recipe = self.write_recipe(text)
            expected = None
            for ranks, options, environment in self.settings():
                with self.subTest(name, ranks=ranks, options=options, env=environment):
                    self.merges(self.recipe, "--overwrite", *options, ranks=ranks, env=environment)
                    found = support.digests(self.out)
                    expected = expected or found
                    self.assertEqual(found, expected)
                    self.check_forecast(self.planned(ranks, options, environment), options)

    def test_one_byte_less_than_the_smallest_memory_is_refused(self):
        self.recipe = self.write_recipe(next(self.recipes())[1])
        smallest = self.smallest_memory(["--threads", 2])
        self.refuses(
            USAGE, ["merge", self.recipe, self.out, "--threads", 2, "--memory", smallest - 1], ["--memory", smallest]
        )
        self.leaves_nothing()

    def test_shards_do_not_depend_on_the_inputs(self):
        """The same tensors in other files, and many output shards."""
        self.recipe = self.write_recipe(f"merge_method: passthrough\nmodels: [{{model: {self.models}/m3}}]\n")
        self.merges(self.recipe, "--shard-size", "100KB")
        first = support.digests(self.out)
        self.assertGreater(len([name for name in first if name.endswith(".safetensors")]), 3)
        for ranks in support.rank_counts(3):
            self.merges(self.recipe, "--shard-size", "100KB", "--overwrite", ranks=ranks)
            self.assertEqual(support.digests(self.out), first)


if __name__ == "__main__":
    support.main()
