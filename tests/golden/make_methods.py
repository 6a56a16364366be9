#!/usr/bin/env python3
"""Writes the golden cases of the merge methods: inputs, recipes and expected outputs below methods/.

Every expected value is computed here with NumPy in float64, one operation at a time in the order that is stated for
the method, and rounded once to the stored type. Nothing of the program under test is used.

    python3 make_methods.py            writes everything anew
    python3 make_methods.py --check    says whether what is there is what it would write
"""

import argparse
import json
import pathlib
import platform
import struct
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent / "methods"
SHAPE = (13, 17)
DTYPES = ("BF16", "F16", "F32", "F64")
# digits of the significand, smallest exponent of a subnormal's unit
FORMATS = {"BF16": (8, -133), "F16": (11, -24), "F32": (24, -149), "F64": (53, -1074)}


def rounded(values, dtype):
    """Nearest values of the type, ties to even; no value may overflow it."""
    digits, smallest = FORMATS[dtype]
    _, exponent = np.frexp(values)
    unit = np.ldexp(1.0, np.maximum(exponent - digits, smallest))
    return np.where(values == 0.0, values, np.rint(values / unit) * unit)


def stored(values, dtype):
    """Bytes of values that are exact in the type."""
    if dtype == "BF16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype({"F16": "<f2", "F32": "<f4", "F64": "<f8"}[dtype]).tobytes()


def write_safetensors(path, tensors):
    header, body = {}, b""
    for name, (dtype, values) in sorted(tensors.items()):
        data = stored(values, dtype)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    return {path: struct.pack("<Q", len(text)) + text + body}


def make_inputs(seed):
    random = np.random.Generator(np.random.Philox(seed))
    tensors = {}
    for dtype in DTYPES:
        values = random.standard_normal(SHAPE) * np.exp2(random.integers(-6, 4, SHAPE))
        values.flat[:4] = [0.0, -0.0, 1.0, -1.5]
        values.flat[4 + seed % 7] = 2.0 ** -20
        tensors[dtype.lower() + ".weight"] = (dtype, rounded(values, dtype))
    return tensors


def ordered_sum(terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def linear(weights, normalize):
    def merge(models, _):
        total = ordered_sum([w * x for w, x in zip(weights, models)])
        return total / ordered_sum(weights) if normalize else total
    return merge


def uniform_soup(models, _):
    return ordered_sum(models) / float(len(models))


def task_arithmetic(weights, scale, normalize):
    def merge(models, base):
        total = ordered_sum([w * (x - base) for w, x in zip(weights, models)])
        return base + scale * (total / ordered_sum(weights) if normalize else total)
    return merge


def listed(names, parameters=None):
    lines = ["models:"]
    for i, name in enumerate(names):
        lines.append(f"  - model: MODELS/{name}.safetensors")
        if parameters:
            lines.append(f"    {parameters[i]}")
    return "\n".join(lines) + "\n"


def weights_of(values):
    return [f"parameters: {{weight: {v!r}}}" for v in values]


BASE = "base_model: MODELS/base.safetensors\n"
# method -> case -> (recipe without its first line, ingredients, expression)
CASES = {
    "linear": {
        "normalized": (listed("abc", weights_of([0.3, 1.7, 0.45])), "abc", linear([0.3, 1.7, 0.45], True)),
        "sum": ("parameters: {normalize: false}\n" + listed("ab", weights_of([0.6, -0.25])), "ab",
                linear([0.6, -0.25], False)),
    },
    "uniform_soup": {"three": (listed("abc"), "abc", uniform_soup)},
    "weighted": {
        "examples": (listed("abc", ["examples: 12000", "examples: 350", "examples: 77"]), "abc",
                     linear([12000.0, 350.0, 77.0], True)),
    },
    "task_arithmetic": {
        "lambda": (BASE + "parameters: {lambda: 0.7}\n" + listed("abc", weights_of([1.0, 0.5, -0.3])), "abc",
                   task_arithmetic([1.0, 0.5, -0.3], 0.7, False)),
        "normalized": (BASE + "parameters: {normalize: true}\n" + listed("ab", weights_of([0.9, 0.4])), "ab",
                       task_arithmetic([0.9, 0.4], 1.0, True)),
    },
    "passthrough": {
        "copy": (listed("a"), "a", lambda models, _: models[0]),
        "scale": (listed("a", ["parameters: {scale: 0.85}"]), "a", lambda models, _: 0.85 * models[0]),
    },
}


def make_files():
    models = {name: make_inputs(seed) for seed, name in enumerate(("base", "a", "b", "c"), 1)}
    files = {}
    for name, tensors in models.items():
        files.update(write_safetensors(f"models/{name}.safetensors", tensors))
    for method, cases in CASES.items():
        for case, (recipe, ingredients, expression) in cases.items():
            files[f"{method}/{case}.yml"] = f"merge_method: {method}\n{recipe}".encode()
            expected = {}
            for tensor, (dtype, base) in models["base"].items():
                merged = expression([models[i][tensor][1] for i in ingredients], base)
                expected[tensor] = (dtype, rounded(merged, dtype))
            files.update(write_safetensors(f"{method}/{case}.safetensors", expected))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    files = make_files()
    if check:
        wrong = [name for name, content in files.items() if (ROOT / name).read_bytes() != content]
        print("\n".join(f"differs: {name}" for name in wrong) or f"{len(files)} files as generated")
        return 1 if wrong else 0
    versions = {"python": platform.python_version(), "numpy": np.__version__, "generator": "make_methods.py"}
    files["versions.json"] = (json.dumps(versions, indent=2) + "\n").encode()
    for name, content in files.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
