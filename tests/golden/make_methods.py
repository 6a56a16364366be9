#!/usr/bin/env python3
"""Writes the golden cases of the merge methods: inputs, recipes and expected outputs below methods/.

Every expected value is computed by oracle/ with NumPy in float64, one operation at a time in the order that is stated
for the method, and rounded once to the stored type. Nothing of the program under test is used.

    python3 make_methods.py            writes everything anew
    python3 make_methods.py --check    says whether what is there is what it would write
"""

import argparse
import importlib.metadata
import json
import pathlib
import platform
import sys

try:
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from method_cases import all_cases
from oracle import inputs, random_numbers, reductions
from oracle.formats import safetensors, stored

ROOT = pathlib.Path(__file__).resolve().parent / "methods"


def expected_tensors(case, models):
    """Output of a case; sums over elements that are 1e-12 off must not change a bit of it."""
    output = case.merged(models)
    edges = set()
    for seed in range(4):
        with reductions.varied(seed):
            other = case.merged(models)
        for name, (dtype, values) in output.items():
            if stored(values, dtype) != stored(other[name][1], dtype):
                edges.add(name)
    assert not edges, f"{case.method}/{case.name}: on an edge between two stored values: {sorted(edges)}"
    return output


def make_files():
    models = inputs.models()
    files = {f"models/{name}.safetensors": safetensors(tensors) for name, tensors in models.items()}
    for case in all_cases():
        path = f"{case.folder or case.method}/{case.name}"
        files[f"{path}.yml"] = case.recipe().encode()
        files[f"{path}.safetensors"] = safetensors(expected_tensors(case, models))
    digests = dict(sorted(random_numbers.used_digests.items()))
    files[random_numbers.RECORD.name] = (json.dumps(digests, indent=0) + "\n").encode()
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    files = make_files()
    there = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()} - {"versions.json"}
    if check:
        wrong = [f"missing: {name}" for name in files if name not in there]
        wrong += [f"left over: {name}" for name in there if name not in files]
        wrong += [f"differs: {n}" for n, content in files.items() if n in there and (ROOT / n).read_bytes() != content]
        print("\n".join(wrong) or f"{len(files)} files as generated")
        return 1 if wrong else 0
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "xxhash": importlib.metadata.version("xxhash"),
        "generator": "make_methods.py",
    }
    files["versions.json"] = (json.dumps(versions, indent=2) + "\n").encode()
    for name in there - set(files):
        (ROOT / name).unlink()
    for name, content in files.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
