"""Small classifiers as checkpoints, data for them, and what they answer, computed in plain Python."""

import itertools
import json
import pathlib
import random
import shutil
import struct

import support

WIDTHS = (5, 7, 3)
EXAMPLES = 150
MODELS = 4
QUIET = ["--progress", "none", "--durability", "none"]
WEIGHTS = "model.safetensors"


def rounded(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def forward(model, x):
    """Inputs of every layer, and the logits."""
    inputs = []
    for layer in range(len(WIDTHS) - 1):
        if layer:
            x = [max(value, 0.0) for value in x]
        inputs.append(x)
        rows = zip(model[f"layers.{layer}.weight"], model[f"layers.{layer}.bias"], strict=True)
        x = [bias + sum(w * v for w, v in zip(row, x, strict=True)) for row, bias in rows]
    return inputs, x


def flat(tensor):
    return [value for row in tensor for value in row] if isinstance(tensor[0], list) else tensor


class MlpCase(support.Case):
    """`models` and `data` (by name, pairs of input and label), which also stand in `folder`."""

    @classmethod
    def setUpClass(cls):
        """A teacher that labels the data, and models around it: the first is near, the others far."""
        cls.folder = cls.new_scratch()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        generator = random.Random(11)
        teacher = cls.random_mlp(generator, 1.0)
        cls.models = []
        for number in range(MODELS):
            noise = cls.random_mlp(generator, 0.1 if number == 0 else 0.9)
            model = {name: cls.add(teacher[name], noise[name]) for name in teacher}
            cls.models.append(model)
            tensors = {
                name: ("F32", [len(value), len(value[0])] if isinstance(value[0], list) else [len(value)],
                       support.f32(*flat(value)))
                for name, value in model.items()
            }  # fmt: skip
            support.write_model(cls.folder / f"m{number}", tensors)
        cls.data = {}
        for name in ("validation", "test"):
            xs = [[rounded(generator.gauss(0, 1)) for _ in range(WIDTHS[0])] for _ in range(EXAMPLES)]
            logits = [forward(teacher, x)[1] for x in xs]
            cls.data[name] = [(x, max(range(3), key=z.__getitem__)) for x, z in zip(xs, logits, strict=True)]
            cls.write_data(name, cls.data[name])

    @staticmethod
    def random_mlp(generator, scale):
        model = {}
        for layer, (inputs, outputs) in enumerate(itertools.pairwise(WIDTHS)):
            rows = [[rounded(generator.gauss(0, scale)) for _ in range(inputs)] for _ in range(outputs)]
            model[f"layers.{layer}.weight"] = rows
            model[f"layers.{layer}.bias"] = [rounded(generator.gauss(0, scale)) for _ in range(outputs)]
        return model

    @classmethod
    def add(cls, a, b):
        if isinstance(a, list):
            return [cls.add(x, y) for x, y in zip(a, b, strict=True)]
        return rounded(a + b)

    @classmethod
    def write_data(cls, name, examples):
        """/x and /y: what a conversion of two tensors of these names leaves."""
        x = support.f32(*[value for inputs, _ in examples for value in inputs])
        y = struct.pack(f"<{len(examples)}q", *[label for _, label in examples])
        tensors = {"x": ("F32", [len(examples), len(examples[0][0])], x), "y": ("I64", [len(examples)], y)}
        source = support.write_model(cls.folder / f"{name}-tensors", tensors, config=False)
        result = support.run(["convert", source, cls.folder / f"{name}.h5", *QUIET])
        assert result.code == 0, result.err

    def quoted(self, data):
        return json.dumps(str(self.folder / f"{data}.h5"))

    def soup(self, recipe, *options, out=None, ranks=None, **how):
        result = self.succeeds(["soup", recipe, out or self.out, "--json", *QUIET, *options], ranks, **how)
        return json.loads(result.out)

    def trace(self, out=None):
        return [json.loads(line) for line in (pathlib.Path(out or self.out) / "soup_trace.jsonl").read_text().splitlines()]

    @staticmethod
    def timeless(trace):
        return [{key: value for key, value in line.items() if key not in ("seconds", "worker")} for line in trace]

    def close(self, found, expected):
        for a, b in zip(found, expected, strict=True):
            self.assertAlmostEqual(a, b, delta=1e-9 * max(1.0, abs(b)))
