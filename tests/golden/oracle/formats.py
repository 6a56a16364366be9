"""Rounding to the stored types, and safetensors files."""

import json
import struct

import numpy as np

# digits of the significand, exponent of a subnormal's unit
FORMATS = {"BF16": (8, -133), "F16": (11, -24), "F32": (24, -149), "F64": (53, -1074)}


def rounded(values, dtype):
    """Nearest values of the type, ties to even; integers as they are. No value may overflow the type."""
    if dtype not in FORMATS:
        return values
    digits, smallest = FORMATS[dtype]
    _, exponent = np.frexp(values)
    unit = np.ldexp(1.0, np.maximum(exponent - digits, smallest))
    return np.where(values == 0.0, values, np.rint(values / unit) * unit)


def stored(values, dtype):
    """Bytes of values that are exact in the type."""
    if dtype == "BF16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype({"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8"}[dtype]).tobytes()


def safetensors(tensors):
    """Bytes of a file that holds `tensors`, {name: (dtype, values)}, in bytewise order of their names."""
    header, body = {}, b""
    for name, (dtype, values) in sorted(tensors.items()):
        data = stored(values, dtype)
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body
