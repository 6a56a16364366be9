"""Philox4x32-10 (Salmon et al. 2011) over the elements of one tensor of one model."""

import json
import pathlib

import numpy as np

try:
    import xxhash
except ImportError:  # the recorded digests do
    xxhash = None

RECORD = pathlib.Path(__file__).resolve().parent.parent / "methods" / "random_keys.json"
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)

used_digests = {}


def philox(counters, key):
    """Ten rounds on four arrays of 32-bit words (held in uint64) under a key of two words."""
    c0, c1, c2, c3 = counters
    k0, k1 = key
    for _ in range(10):
        product0 = c0 * np.uint64(MULTIPLIERS[0])
        product1 = c2 * np.uint64(MULTIPLIERS[1])
        high0, low0 = product0 >> np.uint64(32), product0 & MASK
        high1, low1 = product1 >> np.uint64(32), product1 & MASK
        c0, c1, c2, c3 = high1 ^ c1 ^ np.uint64(k0), low1, high0 ^ c3 ^ np.uint64(k1), low0
        k0, k1 = (k0 + KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + KEY_STEPS[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def digest(seed, model, tensor):
    """XXH3-128 of seed, length and bytes of the model's name, length and bytes of the tensor's; 8 bytes a number."""
    names = [name.encode() for name in (model, tensor)]
    text = seed.to_bytes(8, "little") + b"".join(len(name).to_bytes(8, "little") + name for name in names)
    name = f"{seed}|{model}|{tensor}"
    found = xxhash.xxh3_128_hexdigest(text) if xxhash else json.loads(RECORD.read_text())[name]
    used_digests[name] = found
    return bytes.fromhex(found)


def words(seed, model, tensor, count):
    """Random words of `count` elements: word e % 4 of block e / 4 of the sequence of (seed, model, tensor)."""
    sequence = digest(seed, model, tensor)
    key, stream = int.from_bytes(sequence[:8], "big"), int.from_bytes(sequence[8:], "big")
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    high = [np.full(blocks.shape, word, dtype=np.uint64) for word in (stream & 0xFFFFFFFF, stream >> 32)]
    counters = (blocks & MASK, blocks >> np.uint64(32), *high)
    return np.stack(philox(counters, (key & 0xFFFFFFFF, key >> 32)), axis=1).ravel()[:count]


def keep_threshold(probability):
    """An entry stays if its word is below the integer nearest to probability 2^32, halves up."""
    return np.floor(np.asarray(probability) * 2.0**32 + 0.5).astype(np.uint64)
