"""Small checkpoints: `flat`, one tensor in every type; `layered`, named as a Llama's with the awkward tensors of each
method: empty, one element, rows of one element, 99 elements, zero, opposite, unchanged, hardly changed."""

import math

import numpy as np

from .formats import rounded

FLAT_SHAPE = (13, 17)
LETTERS = ("base", "a", "b", "c")
AT = "model.layers"

# name -> type, shape, standard deviation of a fine-tune's change (1: of the anchor's values)
LAYERED = {
    "model.embed_tokens.weight": ("BF16", (11, 8), 0.5),
    f"{AT}.0.input_layernorm.weight": ("F32", (8,), 0.01),
    f"{AT}.0.self_attn.q_proj.weight": ("F32", (12, 8), 0.6),
    f"{AT}.0.mlp.up_proj.weight": ("BF16", (70, 73), 0.4),
    f"{AT}.0.mlp.router.weight": ("F32", (7, 1), 0.7),
    f"{AT}.1.self_attn.q_proj.weight": ("F16", (12, 8), 0.3),
    f"{AT}.1.mlp.up_proj.weight": ("BF16", (9, 11), 0.5),
    f"{AT}.1.mlp.gate_proj.weight": ("F32", (10, 10), 0.2),
    f"{AT}.1.conv.weight": ("F32", (4, 3, 2, 3), 0.8),
    f"{AT}.1.layer_scale": ("F32", (1,), 0.5),
    f"{AT}.1.temperature": ("F32", (), 0.5),
    f"{AT}.2.empty.weight": ("BF16", (0, 8), 0.0),
    f"{AT}.2.zero_in_a.bias": ("F32", (16,), 0.5),
    f"{AT}.2.opposite.weight": ("F32", (6, 4), 1.0),
    f"{AT}.2.equal_magnitudes.weight": ("BF16", (5, 7), 0.0),
    f"{AT}.2.unchanged.weight": ("F16", (4, 4), 0.0),
    f"{AT}.2.hardly_changed.weight": ("F32", (8, 8), 0.0),
    "model.norm.weight": ("BF16", (8,), 0.1),
    "lm_head.weight": ("BF16", (11, 8), 0.4),
    "model.position_ids": ("I64", (5,), 0.0),
}


def flat(seed):
    random = np.random.Generator(np.random.Philox(seed))
    tensors = {}
    for dtype in ("BF16", "F16", "F32", "F64"):
        values = random.standard_normal(FLAT_SHAPE) * np.exp2(random.integers(-6, 4, FLAT_SHAPE))
        values.flat[:4] = [0.0, -0.0, 1.0, -1.5]
        values.flat[4 + seed % 7] = 2.0**-20
        tensors[dtype.lower() + ".weight"] = (dtype, rounded(values, dtype))
    return tensors


def layered(letter):
    number = LETTERS.index(letter)
    tensors = {}
    for position, (name, (dtype, shape, change)) in enumerate(LAYERED.items()):
        anchor = np.random.Generator(np.random.Philox(1000 + position))
        own = np.random.Generator(np.random.Philox(2000 + 100 * number + position))
        values = anchor.standard_normal(shape)
        if number > 0:
            values = values + change * own.standard_normal(shape)
        if "equal_magnitudes" in name:
            values = np.where(own.integers(0, 2, shape) == 1, 0.75, 0.25) if number else np.full(shape, 0.5)
        elif "hardly_changed" in name:
            values = 2.0**-10 + 2.0**-20 * anchor.integers(0, 1024, shape)
            values = values + (2.0**-31 * own.integers(-3, 4, shape) if number else 0.0)
        elif "zero_in_a" in name and letter == "a":
            values = np.zeros(shape)
        elif "opposite" in name and letter in ("base", "b"):
            values = -1.0 * layered("a")[name][1] if letter == "b" else np.zeros(shape)
        elif dtype == "I64":
            values = np.arange(shape[0])
        elif math.prod(shape[1:]) == 1:  # plain means of such rows must not lie halfway between stored values
            values = rounded(values, "BF16")
        tensors[name] = (dtype, rounded(values, dtype))
    return tensors


def with_more_rows(tensors, rows, seed):
    """The same with a larger vocabulary."""
    made = dict(tensors)
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        dtype, values = tensors[name]
        new = np.random.Generator(np.random.Philox(seed)).standard_normal((rows, values.shape[1]))
        made[name] = (dtype, np.concatenate([values, rounded(new, dtype)]))
    return made


def fisher_of(file):
    """Name of the Fisher values of a checkpoint."""
    return f"{file}_fisher"


def fisher_values(tensors, seed):
    """Of all tensors but vectors of one layer and some others; large and tiny ones, zeros, and a tensor of zeros."""
    made = {}
    for position, (name, (dtype, values)) in enumerate(tensors.items()):
        if dtype == "I64" or "norm" in name or "layer_scale" in name:
            continue
        random = np.random.Generator(np.random.Philox(4000 + 100 * seed + position))
        own = random.standard_normal(values.shape) ** 2 * np.exp2(random.integers(-30, 3, values.shape))
        own = np.where(random.integers(0, 5, values.shape) == 0, 0.0, own)
        stored = "F64" if position % 3 == 1 else "F32"
        made[name] = (stored, rounded(0.0 * own if "equal_magnitudes" in name else own, stored))
    return made


def models():
    """File name without its ending -> {tensor: (type, values)}."""
    made = {letter: flat(seed) for seed, letter in enumerate(LETTERS, 1)}
    made.update({f"layered_{letter}": layered(letter) for letter in LETTERS})
    for seed, letter in enumerate("abc"):
        made[fisher_of(f"layered_{letter}")] = fisher_values(made[f"layered_{letter}"], seed)
    made["layered_wide_b"] = with_more_rows(made["layered_b"], 3, 3000)
    made["layered_wide_c"] = with_more_rows(made["layered_c"], 1, 3001)
    return made
