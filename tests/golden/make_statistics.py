#!/usr/bin/env python3
"""Writes statistics/: a sample file and a statistics file as people write them with h5py, and what must be read there.

    python3 make_statistics.py
"""

import json
import pathlib

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent / "statistics"
DIGEST = "00112233445566778899aabbccddeeff"


def samples(path, random):
    """Inputs padded with NaN, in half precision; a boolean mask; compressed gradients; exact labels."""
    inputs = random.normal(size=(3, 4, 5)).astype(np.float16)
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]], dtype=bool)
    inputs[~mask] = np.nan
    decoder = np.array([[1, 0], [1, 1], [0, 0]], dtype=np.uint8)
    outputs = random.normal(size=(3, 2, 2)).astype(np.float32)
    gradients = random.normal(size=(3, 2, 2, 5))
    probabilities = np.array([[0.5, 0.5], [0.125, 0.875], [1.0, 0.0]], dtype=np.float32)
    with h5py.File(path, "w") as file:
        file.attrs["format_version"] = 1
        file.attrs["labels"] = "exact"
        file.attrs["model_digest"] = DIGEST
        file["inputs/encoder.fc"] = inputs
        file["inputs/encoder.fc"].attrs["weight_layout"] = "in_out"
        file["output_gradients/decoder%2Ffc"] = outputs
        file["output_gradients/decoder%2Ffc"].attrs["mask"] = "/masks/decoder"
        file["attention_mask"] = mask
        file["masks/decoder"] = decoder
        file.create_dataset("gradients/encoder.fc.weight", data=gradients, compression="gzip", maxshape=(None, 2, 2, 5))
        file["probabilities"] = probabilities
    return {
        "inputs": inputs[mask].astype(float).ravel().tolist(),
        "output_gradients": outputs[decoder == 1].astype(float).ravel().tolist(),
        "gradients": gradients.ravel().tolist(),
        "probabilities": probabilities.astype(float).ravel().tolist(),
    }


def statistics(path, random):
    """Grams in both layouts, one of them under two names."""
    x = random.normal(size=(20, 4))
    full = (x.T @ x / 20).astype(np.float32)
    y = random.normal(size=(9, 3))
    lower = (y.T @ y / 9)[np.tril_indices(3)]
    fisher = random.normal(size=(2, 4)).astype(np.float32) ** 2
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["format_version"] = np.int32(1)
        file.attrs["labels"] = np.bytes_("empirical")
        file.attrs["model_digest"] = DIGEST
        file.attrs["examples"] = 10
        file.attrs["tokens"] = np.array([20])
        file["gram/q"] = full
        file["gram/k"] = file["gram/q"]
        file["gram/v"] = h5py.SoftLink("/gram/q")
        file["gram/o"] = lower
        file["gram/o"].attrs.update({"layout": "lower", "tokens": 9})
        file["fisher/q.weight"] = fisher
    return {
        "full": full[np.tril_indices(4)].astype(float).tolist(),
        "lower": lower.tolist(),
        "fisher": fisher.astype(float).ravel().tolist(),
    }


def main():
    ROOT.mkdir(exist_ok=True)
    random = np.random.default_rng(7)
    expected = {
        "samples": samples(ROOT / "samples.h5", random),
        "statistics": statistics(ROOT / "statistics.h5", random),
        "written_with": {"h5py": h5py.__version__, "hdf5": h5py.version.hdf5_version, "numpy": np.__version__},
    }
    (ROOT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
