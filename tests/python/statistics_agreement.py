"""`stats gram`, `fisher` and `combine` against NumPy: sample files that h5py wrote, a model that is run, several
numbers of ranks and threads, several cuts of the examples into files.

    statistics_agreement.py SCRATCH STOCKPOT [MPIEXEC]
"""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

try:
    import h5py
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SCRATCH, STOCKPOT = pathlib.Path(sys.argv[1]), sys.argv[2]
MPIEXEC = sys.argv[3] if len(sys.argv) > 3 else ""
RELATIVE = 1e-12
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def run(*arguments, ranks=None):
    words = [STOCKPOT, "stats", *map(str, arguments), "--progress", "none", "--durability", "none", "--json"]
    if ranks:
        words = [MPIEXEC, "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *words]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return json.loads(done.stdout)


def close(found, expected):
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert found.shape == expected.shape and error < RELATIVE, (found.shape, expected.shape, error)


def write_model(folder, tensors):
    header, data = {}, b""
    for name, values in tensors.items():
        stored = values.astype("<f8").tobytes()
        header[name] = {"dtype": "F64", "shape": values.shape, "data_offsets": [len(data), len(data) + len(stored)]}
        data += stored
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)
    return folder


def write_samples(path, random, examples, exact):
    """Inputs in three types, two masks, NaN where a token does not count; the datasets that are cut along examples."""
    mask = random.random((examples, 40)) < 0.7
    other = (random.random((examples, 40)) < 0.2).astype(np.int64)
    inputs = random.normal(size=(examples, 40, 24))
    inputs[~mask] = np.nan
    weight = (examples, 3, 8, 24) if exact else (examples, 8, 24)
    scale = (examples, 3, 8) if exact else (examples, 8)
    probabilities = random.random((examples, 3))
    with h5py.File(path, "w") as file:
        file.attrs.update({"format_version": 1, "labels": "exact" if exact else "sampled"})
        file["inputs/q"] = inputs.astype("f4")
        file["inputs/k"] = file["inputs/q"]
        wide = random.normal(size=(examples, 40, 600)).astype("f2")
        file.create_dataset("inputs/h%2Fout", data=wide, chunks=(1, 40, 600))
        file["inputs/h%2Fout"].attrs.update({"weight_layout": "in_out", "mask": "/masks/out"})
        file["output_gradients/q"] = random.normal(size=(examples, 40, 8))
        file["attention_mask"] = mask
        file["masks/out"] = other
        file.create_dataset("gradients/q.weight", data=random.normal(size=weight), compression="gzip")
        file["gradients/scale"] = random.normal(size=scale).astype("f4")
        if exact:
            file["probabilities"] = probabilities / probabilities.sum(axis=1, keepdims=True)


def cut(path, first, end, to):
    with h5py.File(path) as whole, h5py.File(to, "w") as part:
        part.attrs.update(whole.attrs)

        def copy(name, dataset):
            if isinstance(dataset, h5py.Dataset):
                part[name] = dataset[first:end]
                part[name].attrs.update(dataset.attrs)

        whole.visititems(copy)  # shows a dataset under one of its names
        for name in ("inputs/q", "inputs/k"):
            if name not in part:
                part[name] = part["inputs/k" if name == "inputs/q" else "inputs/q"]
    return to


def lower(matrix):
    return matrix[np.tril_indices(len(matrix))]


def expected(path):
    """Every statistic of a sample file, by its name in a statistics file."""
    with h5py.File(path) as file:
        mask, other = file["attention_mask"][:], file["masks/out"][:] == 1

        def gram(name, counts):
            rows = file[name][:][counts].astype(float)
            return lower(rows.T @ rows / len(rows))

        found = {
            "gram/q": gram("inputs/q", mask),
            "gram/k": gram("inputs/k", mask),
            "gram/h%2Fout": gram("inputs/h%2Fout", other),
            "gram_output/q": gram("output_gradients/q", mask),
        }
        examples = len(mask)
        p = file["probabilities"][:] if "probabilities" in file else np.ones((examples, 1))
        for name in ("q.weight", "scale"):
            g = file["gradients/" + name][:].astype(float)
            g = g if "probabilities" in file else g[:, None]
            found["fisher/" + name] = np.einsum("xc,xc...->...", p, g**2) / examples
        found["fisher_block/scale"] = lower(np.einsum("xc,xci,xcj->ij", p, g, g) / examples)
        return found


def check(path, values):
    with h5py.File(path) as file:
        assert {f"{kind}/{name}" for kind in file for name in file[kind]} == set(values)
        for name, wanted in values.items():
            close(file[name][:], wanted)
        if "gram/q" in values:
            assert file["gram/q"] == file["gram/k"], "no longer one dataset"


def of_kinds(values, *kinds):
    return {name: wanted for name, wanted in values.items() if name.split("/")[0] in kinds}


def check_samples(exact):
    random = np.random.default_rng(5 + exact)
    folder = SCRATCH / ("exact" if exact else "sampled")
    folder.mkdir()
    shapes = {"q.weight": (8, 24), "k.weight": (4, 24), "h/out.weight": (600, 5), "scale": (8,)}
    model = write_model(folder / "model", {name: random.normal(size=shape) for name, shape in shapes.items()})
    whole = folder / "whole.h5"
    write_samples(whole, random, 300, exact)
    values = expected(whole)
    places = [0, 1, 64, 200, 300]
    parts = [
        cut(whole, first, end, folder / f"part-{first}.h5") for first, end in zip(places, places[1:], strict=False)
    ]
    common = ["--model", model, "--block", "^scale$", "--dtype", "float64"]
    grams, fisher = ("gram", "gram_output", "fisher_block"), ("fisher", "fisher_block")
    for command, kinds in (("gram", grams), ("fisher", fisher)):
        out = folder / f"{command}.h5"
        told = run(command, whole, *common, "--out", out)
        assert told["examples"] == 300, told
        check(out, of_kinds(values, *kinds))
        bytes_of_one = out.read_bytes()
        runs = [(None, 1, [whole]), (None, 3, parts)]
        if MPIEXEC:
            runs += [(1, 1, parts), (2, 2, [whole]), (3, 1, parts), (4, 1, [whole])]
        for ranks, threads, files in runs:
            run(command, *files, *common, "--out", out, "--threads", threads, ranks=ranks)
            assert out.read_bytes() == bytes_of_one, (command, ranks, threads, len(files))
        for ranks in (None, 2) if MPIEXEC else (None,):
            run(command, *parts[:2], *common, "--out", out)
            run(command, *parts[2:], *common, "--out", out, "--extend", ranks=ranks)
            check(out, of_kinds(values, *kinds))
    each = []
    for part in parts:
        each.append(part.with_suffix(".statistics.h5"))
        run("gram", part, *common, "--out", each[-1])
        run("fisher", part, *common[:2], "--dtype", "float64", "--out", each[-1], "--extend")
    for ranks in (None, 2, 3) if MPIEXEC else (None,):
        run("combine", *each, "--out", folder / "combined.h5", ranks=ranks)
        check(folder / "combined.h5", values)


def check_probe():
    random = np.random.default_rng(11)
    widths = [12, 16, 9, 4]
    tensors = {}
    for n, (inputs, outputs) in enumerate(zip(widths, widths[1:], strict=False)):
        tensors[f"layers.{n}.weight"] = random.normal(size=(outputs, inputs)) / np.sqrt(inputs)
        tensors[f"layers.{n}.bias"] = random.normal(size=outputs) / 10
    model = write_model(SCRATCH / "mlp", tensors)
    x, y = random.normal(size=(900, widths[0])), random.integers(0, widths[-1], 900)
    with h5py.File(SCRATCH / "data.h5", "w") as file:
        file["x"], file["y"] = x, y
    weights = [tensors[f"layers.{n}.weight"] for n in range(3)]
    inputs = [x]
    for n in range(2):
        inputs.append(np.maximum(inputs[-1] @ weights[n].T + tensors[f"layers.{n}.bias"], 0))
    logits = inputs[2] @ weights[2].T + tensors["layers.2.bias"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)

    def gradients(labels):
        """Of log p(label) with respect to the layers' outputs."""
        found = [np.eye(widths[-1])[labels] - p]
        for n in (2, 1):
            found.insert(0, (found[0] @ weights[n]) * (inputs[n] > 0))
        return found

    modes = {
        "empirical": [(np.ones(len(x)), gradients(y))],
        "exact": [(p[:, c], gradients(np.full(len(x), c))) for c in range(widths[-1])],
    }
    for mode, terms in modes.items():
        values = {}
        for n in range(3):
            block = lower(sum((w[:, None] * g[n]).T @ g[n] for w, g in terms) / len(x))
            values[f"gram/layers.{n}"] = lower(inputs[n].T @ inputs[n] / len(x))
            values[f"gram_output/layers.{n}"] = values[f"fisher_block/layers.{n}.bias"] = block
            squares = sum((w[:, None] * g[n] ** 2).T @ inputs[n] ** 2 for w, g in terms)
            values[f"fisher/layers.{n}.weight"] = squares / len(x)
            values[f"fisher/layers.{n}.bias"] = sum(w @ g[n] ** 2 for w, g in terms) / len(x)
        out = SCRATCH / f"{mode}.h5"
        common = ["--probe", "mlp", "--data", SCRATCH / "data.h5", "--labels", mode, "--model", model, "--out", out]
        seen = set()
        for ranks in (None, 2, 3) if MPIEXEC else (None,):
            run("gram", *common, ranks=ranks)
            run("fisher", *common, "--extend", "--dtype", "float64", "--block", "bias", ranks=ranks)
            seen.add(out.read_bytes())
        assert len(seen) == 1, "other ranks, other bytes"
        with h5py.File(out) as file:
            assert file.attrs["labels"] in (mode, mode.encode())
            assert (file.attrs["examples"], file.attrs["tokens"]) == (900, 900)
            for name, wanted in values.items():
                close(file[name][:], wanted)


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    check_samples(exact=False)
    check_samples(exact=True)
    check_probe()
    shutil.rmtree(SCRATCH)


if __name__ == "__main__":
    main()
