"""What stands in the output, what the reports say as JSON, and conversions there and back."""

import json
import re
import shutil
import struct
import subprocess

import support
from support import INPUT, VERIFICATION, f32


def read_header(path):
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    return json.loads(content[8 : 8 + length]), 8 + length, len(content)


def natural(name):
    """Sort key under which layer 9 comes before layer 10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


class Outputs(support.Case):
    def setUp(self):
        super().setUp()
        self.tensors = support.llama_like(1, layers=11, hidden=16, inner=24, vocabulary=32)
        self.model = support.write_model(self.scratch / "model", self.tensors, shards=3)
        other = support.write_model(
            self.scratch / "other", support.llama_like(2, layers=11, hidden=16, inner=24, vocabulary=32)
        )
        for name, text in (
            ("tokenizer.json", "{}"),
            ("tokenizer_config.json", '{"a": 1}'),
            ("generation_config.json", "{}"),
        ):
            (self.model / name).write_text(text)
        self.text = support.linear_recipe(self.model, other) + "# the last word"
        self.recipe = self.write_recipe(self.text)

    def json_of(self, arguments, code=0, ranks=None):
        """Standard output, which must be one JSON document and nothing else."""
        result = support.run(arguments, ranks)
        self.assertEqual(result.code, code, result.err)
        return json.loads(result.out)

    def test_layout(self):
        self.merges(self.recipe)
        self.assertEqual(
            {path.name for path in self.out.iterdir()},
            {
                "README.md",
                "config.json",
                "generation_config.json",
                "model.safetensors",
                "stockpot_manifest.json",
                "stockpot_recipe.yml",
                "stockpot_run.json",
                "tokenizer.json",
                "tokenizer_config.json",
            },
        )
        self.assertEqual((self.out / "stockpot_recipe.yml").read_text(), self.text)
        self.assertEqual((self.out / "tokenizer_config.json").read_text(), '{"a": 1}')
        self.assertEqual(json.loads((self.out / "config.json").read_text())["torch_dtype"], "bfloat16")
        card = (self.out / "README.md").read_text()
        self.assertTrue(card.startswith("---\n"), card)
        for words in (self.text, "linear", str(self.model)):
            self.assertIn(words, card)
        header, data, _ = read_header(self.out / "model.safetensors")
        self.assertEqual(header.pop("__metadata__"), {"format": "pt"})
        self.assertEqual(data % 8, 0)
        names = sorted(header, key=lambda name: header[name]["data_offsets"])
        width = {"I64": 8, "BF16": 2}
        self.assertEqual(names, sorted(names, key=lambda name: (-width[header[name]["dtype"]], natural(name))))

    def test_shards(self):
        self.merges(self.recipe, "--shard-size", "4KB")
        files = sorted(path.name for path in self.out.glob("*.safetensors"))
        self.assertEqual(files, [f"model-{n + 1:05}-of-{len(files):05}.safetensors" for n in range(len(files))])
        self.assertGreater(len(files), 2)
        index = json.loads((self.out / "model.safetensors.index.json").read_text())
        self.assertEqual(set(index["weight_map"]), set(self.tensors))
        self.assertEqual(index["metadata"]["total_size"], sum(len(data) for _, _, data in self.tensors.values()))
        for file in files:
            header, data, size = read_header(self.out / file)
            header.pop("__metadata__")
            self.assertEqual({name for name, where in index["weight_map"].items() if where == file}, set(header))
            self.assertTrue(size - data <= 4000 or len(header) == 1)

    def test_dtype(self):
        for dtype, stored in (("float32", "F32"), ("float16", "F16"), ("float64", "F64"), ("bfloat16", "BF16")):
            self.merges(self.recipe, "--dtype", dtype, "--overwrite")
            self.assertEqual(json.loads((self.out / "config.json").read_text())["torch_dtype"], dtype)
            header, _, _ = read_header(self.out / "model.safetensors")
            self.assertEqual(header["model.norm.weight"]["dtype"], stored)
            self.assertEqual(header["model.position_ids"]["dtype"], "I64")

    def test_manifest_and_run_file(self):
        self.merges(self.recipe, "--seed", 7)
        manifest = json.loads((self.out / "stockpot_manifest.json").read_text())
        self.assertEqual(
            set(manifest),
            {
                "format_version",
                "stockpot",
                "recipe_digest",
                "semantics",
                "seed",
                "method",
                "models",
                "tensors",
                "diagnostics",
                "density",
                "library_results",
            },
        )
        self.assertEqual((manifest["format_version"], manifest["seed"], manifest["method"]), (1, 7, "linear"))
        self.assertEqual(set(manifest["tensors"]), set(self.tensors))
        inspected = self.json_of(["inspect", self.model, "--json"])
        self.assertEqual(
            manifest["models"][0], {"reference": str(self.model), "model_digest": inspected["model_digest"]}
        )
        self.assertNotIn(str(self.out), (self.out / "stockpot_manifest.json").read_text())
        run = json.loads((self.out / "stockpot_run.json").read_text())
        self.assertTrue({"ranks", "threads", "grid", "seconds", "bytes", "per_rank", "device", "resumed"} <= set(run))
        self.assertTrue({"total", "mpi_init", "read", "compute", "write"} <= set(run["seconds"]))

    def test_json(self):
        for ranks in support.rank_counts(None, 2):
            shutil.rmtree(self.out, ignore_errors=True)
            self.assertEqual(
                self.json_of(["merge", self.recipe, self.out, "--json"], ranks=ranks)["tensors"], len(self.tensors)
            )
            self.json_of(["merge", self.recipe, self.out, "--resume", "--json"], ranks=ranks)
            plan = self.json_of(["plan", self.recipe, "--json", "--effective"], ranks=ranks)
            self.assertEqual(plan["problems"], [])
            self.assertEqual(plan["ranks"], ranks or 1)
            self.json_of(["inspect", self.out, "--json"], ranks=ranks)
            self.json_of(["verify", self.out, "--json"], ranks=ranks)
            self.json_of(["convert", self.model, self.scratch / f"{ranks}.h5", "--json"], ranks=ranks)
        self.assertTrue(self.json_of(["diff", self.model, self.model, "--json"])["equal"])

    def test_json_of_problems(self):
        broken = self.write_recipe(self.text + "\ndtipe: x\n", "broken.yml")
        plan = self.json_of(["plan", broken, "--json"], support.USAGE)
        self.assertEqual(len(plan["problems"]), 1, plan)
        problem = plan["problems"][0]
        self.assertEqual((problem["severity"], problem["suggestion"]), ("error", "dtype"))
        self.assertEqual(set(problem), {"severity", "where", "message", "suggestion"})

    def test_verify_finds_a_flipped_bit(self):
        self.merges(self.recipe)
        self.succeeds(["verify", self.out])
        _, data, size = read_header(self.out / "model.safetensors")
        path = self.out / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[(data + size) // 2] ^= 4
        path.write_bytes(content)
        for ranks in support.rank_counts(None, 3):
            result = support.run(["verify", self.out], ranks)
            self.assertEqual(result.code, VERIFICATION, result.err)
            self.assertIn("model.safetensors", result.out + result.err)
        report = self.json_of(["verify", self.out, "--json"], VERIFICATION)
        self.assertFalse(report["verified"])

    def test_progress_lines(self):
        """Off a terminal: plain lines without control characters."""
        result = self.succeeds(["merge", self.recipe, self.out])
        self.assertRegex(result.err, r"100 %")
        self.assertNotRegex(result.err, r"[\x00-\x09\x0b-\x1f]")


class Convert(support.Case):
    def setUp(self):
        super().setUp()
        tensors = support.llama_like(3, layers=2, hidden=16, inner=24, vocabulary=32)
        tensors |= {
            "odd/name%": ("F32", [2], f32(1, 2)),
            "scalar": ("F64", [], struct.pack("<d", 0.1)),
            "empty": ("F16", [0, 2], b""),
            "flags": ("BOOL", [3], b"\1\0\1"),
            "bytes": ("U8", [3], b"\0\x80\xff"),
        }
        self.model = support.write_model(self.scratch / "model", tensors, shards=2)

    def digest(self, path):
        return json.loads(self.succeeds(["inspect", path, "--json"]).out)["model_digest"]

    def convert(self, source, target, *options, ranks=None):
        return self.succeeds(["convert", source, target, "--durability", "none", "--progress", "none", *options], ranks)

    def test_there_and_back(self):
        state = self.scratch / "state.h5"
        for ranks in support.rank_counts(None, 3):
            self.convert(self.model, state, "--overwrite", ranks=ranks)
            self.assertEqual(self.digest(state), self.digest(self.model))
            self.convert(state, self.out, "--overwrite", ranks=ranks)
            self.assertEqual(self.digest(self.out), self.digest(self.model))

    def test_shards(self):
        self.convert(self.model, self.out, "--shard-size", "2KB")
        self.assertGreater(len(list(self.out.glob("*.safetensors"))), 2)
        self.assertEqual(self.digest(self.out), self.digest(self.model))
        one = self.scratch / "one"
        self.convert(self.out, one)
        self.assertEqual(len(list(one.glob("*.safetensors"))), 1)
        self.assertEqual(self.digest(one), self.digest(self.model))

    def test_dtype(self):
        wide, narrow = self.scratch / "wide", self.scratch / "narrow"
        plain = support.write_model(self.scratch / "plain", support.llama_like(4))
        self.convert(plain, wide, "--dtype", "float64")
        self.convert(wide, narrow, "--dtype", "bfloat16")
        self.assertEqual(self.digest(narrow), self.digest(plain))
        self.assertNotEqual(self.digest(wide), self.digest(plain))

    def test_existing_file(self):
        state = self.scratch / "state.h5"
        self.convert(self.model, state)
        before = state.read_bytes()
        self.refuses(support.USAGE, ["convert", self.model, state], [state, "--overwrite"])
        self.assertEqual(state.read_bytes(), before)

    def test_nothing_to_convert(self):
        self.refuses(INPUT, ["convert", self.scratch / "nowhere", self.out], ["nowhere"])
        self.leaves_nothing()

    def test_tools_of_hdf5_open_it(self):
        tool = shutil.which("h5dump")
        if not tool:
            self.skipTest("no h5dump (Debian: hdf5-tools)")
        state = self.scratch / "state.h5"
        self.convert(self.model, state)
        shown = subprocess.run([tool, "-H", state], check=False, capture_output=True, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        for name in ("model.norm.weight", "odd%2Fname%25", "scalar"):
            self.assertIn(f'DATASET "{name}"', shown.stdout)


if __name__ == "__main__":
    support.main()
