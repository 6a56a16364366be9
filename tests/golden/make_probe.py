#!/usr/bin/env python3
"""Writes probe/mlp.json: small models, data, and what oracle/mlp.py computes for them with NumPy in float64.

    python3 make_probe.py            writes it anew
    python3 make_probe.py --check    says whether what is there is what it would write, to 1e-12
"""

import argparse
import json
import math
import pathlib
import platform
import sys

try:
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from oracle.mlp import Mlp, results

FILE = pathlib.Path(__file__).resolve().parent / "probe" / "mlp.json"
CASES = {"one_layer": ([4, 3], 5), "two_layers": ([6, 5, 4], 7), "three_layers": ([3, 8, 5, 2], 6)}


def plain(value):
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return {"shape": list(value.shape), "values": value.ravel().tolist()} if np.ndim(value) else float(value)


def cases():
    made = {}
    for seed, (name, (widths, examples)) in enumerate(CASES.items()):
        generator = np.random.Generator(np.random.PCG64(seed))
        model = Mlp(widths, generator)
        x = generator.normal(size=(examples, widths[0]))
        y = generator.integers(widths[-1], size=examples)
        made[name] = {
            "parameters": plain(model.parameters()),
            "x": plain(x),
            "y": y.tolist(),
            "expected": plain(results(model, x, y)),
        }
    return made


def equal(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(equal, a, b))
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-14)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    made = cases()
    if check:
        same = equal(made, json.loads(FILE.read_text())["cases"])
        print(f"{FILE.name} is as generated" if same else f"{FILE.name} differs")
        return 0 if same else 1
    versions = {"python": platform.python_version(), "numpy": np.__version__, "generator": pathlib.Path(__file__).name}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({"versions": versions, "cases": made}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
