"""Model folders that can't be merged: indexes, missing files, models that don't fit together, values, pickles."""

import json
import os
import pathlib
import shutil
import struct

import support
from support import INPUT, SYSTEM_IO, USAGE, f32

NOBODY = 65534


def small(**changes):
    """A model's tensors; None leaves one out."""
    tensors = {
        "model.layers.0.w": ("F32", [2, 2], f32(1, 2, 3, 4)),
        "model.layers.1.w": ("F32", [2, 2], f32(5, 6, 7, 8)),
        "model.norm": ("F32", [2], f32(1, 1)),
    }
    tensors.update({name.replace("__", "."): value for name, value in changes.items()})
    return {name: value for name, value in tensors.items() if value is not None}


class BadModels(support.Case):
    def setUp(self):
        super().setUp()
        self.good = support.write_model(self.scratch / "good", small())

    def model(self, name, tensors, **how):
        return support.write_model(self.scratch / name, tensors, **how)

    def refuses_with(self, bad, words, code=INPUT, options=(), **how):
        self.refuses_merge(code, support.linear_recipe(self.good, bad), words, options, **how)


class Folders(BadModels):
    def index(self, weight_map):
        """A sharded model whose index says this."""
        folder = self.model("indexed", small(), shards=2)
        text = (
            weight_map
            if isinstance(weight_map, str)
            else json.dumps({"metadata": {"total_size": 40}, "weight_map": weight_map})
        )
        (folder / "model.safetensors.index.json").write_text(text)
        return folder

    def test_traversal_in_an_index(self):
        self.model("secret", small())
        secret = self.scratch / "secret/model.safetensors"
        elsewhere = ["../secret/model.safetensors", "/etc/passwd", str(secret), "sub/model.safetensors", "..", ".", ""]
        for file in [*elsewhere, "model\0.safetensors", "..\\secret"]:
            with self.subTest(file):
                folder = self.index(json.dumps({"weight_map": {"model.norm": file}}))
                self.refuses_with(folder, ["index.json"], counts=(None, 3) if file in elsewhere[:2] else (None,))
                shutil.rmtree(folder)

    def test_broken_indexes(self):
        for text in (
            "",
            "[]",
            "{}",
            '{"weight_map": []}',
            '{"weight_map": {"a": 1}}',
            '{"weight_map": {"a": "x", "a": "y"}}',
            "{" * 100_000,
        ):
            with self.subTest(text[:40]):
                folder = self.index(text)
                self.refuses_with(folder, ["index.json"], counts=(None,))
                shutil.rmtree(folder)

    def test_missing_shard(self):
        folder = self.model("half", small(), shards=2)
        (folder / "model-00002-of-00002.safetensors").unlink()
        self.refuses_with(folder, [folder, "model-00002-of-00002.safetensors"])

    def test_tensor_in_another_shard_than_the_index_says(self):
        folder = self.model("moved", small(), shards=2)
        path = folder / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        index["weight_map"]["model.norm"] = "model-00002-of-00002.safetensors"
        path.write_text(json.dumps(index))
        self.refuses_with(folder, [folder, "'model.norm'"])

    def test_tensor_that_the_index_does_not_know(self):
        folder = self.model("unlisted", small(), shards=2)
        path = folder / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        del index["weight_map"]["model.norm"]
        path.write_text(json.dumps(index))
        self.refuses_with(folder, [folder, "'model.norm'"], counts=(None,))

    def test_tensor_that_no_shard_has(self):
        folder = self.model("short", small(), shards=2)
        path = folder / "model.safetensors.index.json"
        index = json.loads(path.read_text())
        index["weight_map"]["ghost"] = "model-00002-of-00002.safetensors"
        path.write_text(json.dumps(index))
        self.refuses_with(folder, [folder, "'ghost'"], counts=(None,))

    def test_no_folder(self):
        self.refuses_with(self.scratch / "nowhere", [self.scratch / "nowhere"])

    def test_folder_without_weights(self):
        empty = self.scratch / "empty"
        empty.mkdir()
        self.refuses_with(empty, [empty], counts=(None,))

    def test_pickles(self):
        for name in ("pytorch_model.bin", "consolidated.00.pth", "model.pt"):
            with self.subTest(name):
                folder = self.scratch / f"pickled-{name}"
                folder.mkdir()
                (folder / name).write_bytes(b"\x80\x02c__builtin__\nexit\n.")
                self.refuses_with(folder, [name, "safetensors"], counts=(None,))
        self.refuses_with(self.scratch / "pickled-pytorch_model.bin", ["pytorch_model.bin"], counts=(3,))

    def test_weights_that_are_a_folder_or_a_pipe(self):
        folder = self.scratch / "odd"
        (folder / "model.safetensors").mkdir(parents=True)
        self.refuses_with(folder, [folder], counts=(None,))
        shutil.rmtree(folder)
        folder.mkdir()
        os.mkfifo(folder / "model.safetensors")
        self.refuses_with(folder, [folder], counts=(None,))

    def test_git_lfs_pointer(self):
        folder = self.scratch / "pointer"
        folder.mkdir()
        (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n")
        self.refuses_with(folder, [folder / "model.safetensors"], counts=(None,))

    def test_foreign_hdf5_file(self):
        for content in (b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 500):
            with self.subTest(len(content)):
                path = self.scratch / "model.h5"
                path.write_bytes(content)
                self.refuses_with(path, [path], counts=(None,))

    def test_unreadable(self):
        """As a user who is not root, in place of one who is."""
        program = self.scratch / "stockpot"
        shutil.copy(support.stockpot, program)
        how = {"env": {"HOME": str(self.scratch)}}
        if os.geteuid() == 0:
            os.chown(self.scratch, NOBODY, NOBODY)
            how |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for what in ("folder", "file"):
            bad = self.model(f"locked-{what}", small())
            (bad if what == "folder" else bad / "model.safetensors").chmod(0)
            self.addCleanup(bad.chmod, 0o755)
            recipe = self.write_recipe(support.linear_recipe(self.good, bad))
            for ranks in support.rank_counts(None, 3):
                with self.subTest(what, ranks=ranks):
                    kept, support.stockpot = support.stockpot, program
                    try:
                        self.refuses(INPUT, ["merge", recipe, self.out], [bad, "permission denied"], ranks, **how)
                    finally:
                        support.stockpot = kept
                    self.leaves_nothing()


class Mismatches(BadModels):
    def test_shape(self):
        bad = self.model("wide", small(model__layers__1__w=("F32", [4, 2], f32(*range(8)))))
        self.refuses_with(bad, ["model.layers.1.w", "4", bad])

    def test_equal_size_in_another_shape(self):
        bad = self.model("flat", small(model__layers__1__w=("F32", [4], f32(*range(4)))))
        self.refuses_with(bad, ["model.layers.1.w", bad], counts=(None,))

    def test_dtype_of_integers(self):
        good = self.model("good-int", small(ids=("I64", [1], struct.pack("<q", 3))))
        bad = self.model("bad-int", small(ids=("I32", [1], struct.pack("<i", 3))))
        self.refuses_merge(INPUT, support.linear_recipe(good, bad), ["'ids'", "I32", bad])

    def test_float_against_integer(self):
        bad = self.model("int", small(model__norm=("I32", [2], struct.pack("<2i", 1, 1))))
        self.refuses_with(bad, ["model.norm", "I32"], counts=(None,))

    def test_integers_that_differ(self):
        good = self.model("good-int", small(ids=("I64", [1], struct.pack("<q", 3))))
        bad = self.model("bad-int", small(ids=("I64", [1], struct.pack("<q", 4))))
        self.refuses_merge(INPUT, support.linear_recipe(good, bad), ["ids", "bad-int"])

    def test_tensor_in_one_model_only(self):
        more = self.model("more", small(extra=("F32", [1], f32(1))))
        self.refuses_with(more, ["'extra'", self.good])
        less = self.model("less", small(model__norm=None))
        self.refuses_with(less, ["model.norm", less])

    def test_scaled_integers(self):
        bad = {}
        for name in ("q1", "q2"):
            bad[name] = self.model(
                name,
                small(
                    **{
                        "model__layers__0__w.qweight": ("I32", [1], b"\0" * 4),
                        "model__layers__0__w.scales": ("F32", [1], f32(1)),
                    }
                ),
            )
        self.refuses_merge(INPUT, support.linear_recipe(*bad.values()), ["model.layers.0.w"], counts=(None,))


class Values(BadModels):
    def test_nan_and_infinity(self):
        for name, value, dtype, data in (
            ("nan", "NaN", "F32", f32(5, 6, float("nan"), 8)),
            ("inf", "inf", "F32", f32(5, 6, float("inf"), 8)),
            ("bf16", "NaN", "BF16", struct.pack("<4H", 0x3F80, 0x3F80, 0x7FC0, 0x3F80)),
        ):
            with self.subTest(name):
                bad = self.model(name, small(model__layers__1__w=(dtype, [2, 2], data)))
                self.refuses_with(bad, ["model.layers.1.w", bad], counts=(None, 3) if name == "nan" else (None,))

    def test_nan_that_is_allowed_or_warned_about(self):
        bad = self.model("nan", small(model__layers__1__w=("F32", [2, 2], f32(5, float("nan"), float("inf"), 8))))
        recipe = self.write_recipe(support.linear_recipe(self.good, bad))
        allowed = self.merges(recipe, "--nonfinite", "allow")
        self.assertEqual(allowed.err, "")
        warned = self.merges(recipe, "--nonfinite", "warn", "--overwrite")
        self.assertEqual(len(warned.warnings), 1, warned.err)
        self.assertIn("2 elements", warned.warnings[0])

    def test_truncated_file(self):
        bad = self.model("cut", small())
        path = bad / "model.safetensors"
        content = path.read_bytes()
        for length in (len(content) - 1, 100, 9):
            with self.subTest(length):
                path.write_bytes(content[:length])
                self.refuses_with(bad, [path], counts=(None, 3) if length == 100 else (None,))


class Outputs(BadModels):
    def standing(self, words, out=None, counts=(None, 3)):
        """The output is refused and stays as it is."""
        out = out or self.out
        recipe = self.write_recipe(support.linear_recipe(self.good))
        before = support.digests(self.scratch, but=())
        for ranks in support.rank_counts(*counts):
            with self.subTest(ranks=ranks):
                self.refuses(USAGE, ["merge", recipe, out], words, ranks)
                self.assertEqual(support.digests(self.scratch, but=()), before)
                self.assertFalse((self.scratch / f".{pathlib.Path(out).name}.partial").exists())

    def test_finished_output(self):
        self.merges(self.write_recipe(support.linear_recipe(self.good)))
        self.standing([self.out, "--overwrite", "--resume"])

    def test_foreign_folder(self):
        self.out.mkdir()
        (self.out / "thesis.tex").write_text("years of work")
        self.standing([self.out])
        recipe = self.write_recipe(support.linear_recipe(self.good))
        for option in ("--overwrite", "--resume"):
            self.refuses(USAGE, ["merge", recipe, self.out, option], [self.out])
            self.assertEqual((self.out / "thesis.tex").read_text(), "years of work")

    def test_file_in_its_place(self):
        self.out.write_text("mine")
        self.standing([self.out], counts=(None,))

    def test_an_input_as_output(self):
        self.standing([self.good], out=self.good, counts=(None,))

    def test_no_name(self):
        for out in ("/", ".", "..", f"{self.scratch}/.."):
            self.standing([], out=out, counts=(None,))

    def test_folder_that_can_not_be_written(self):
        recipe = self.write_recipe(support.linear_recipe(self.good))
        for ranks in support.rank_counts(None, 3):
            self.refuses(SYSTEM_IO, ["merge", recipe, "/proc/stockpot"], ["/proc"], ranks)

    def test_below_a_file(self):
        recipe = self.write_recipe(support.linear_recipe(self.good))
        self.refuses(SYSTEM_IO, ["merge", recipe, recipe / "out"], [recipe])


if __name__ == "__main__":
    support.main()
