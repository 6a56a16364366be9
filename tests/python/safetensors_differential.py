"""Compares our safetensors reader with the reference (Python package `safetensors`).

usage: safetensors_differential.py HEADER_CHECK

HEADER_CHECK is a program that prints one line per file, "accept" or "reject: ...". For every file made here:
what we accept the reference accepts, what the reference rejects we reject, and we reject more only where
STRICTER says so. Exits 77 (skipped) without the package.
"""

import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import safetensors
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# Deliberate differences: the reference accepts these, we do not.
STRICTER = {
    "duplicate tensor",
    "duplicate tensor, equal entries",
    "duplicate metadata key",
    "entry as array",
    "unknown field nested 100 deep",
    "rank 65",
}


def entry(dtype="F32", shape="[1]", offsets="[0,4]"):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def file_of(header, data_bytes, length=None):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + bytes(data_bytes)


def one(data_bytes=4, **fields):
    return file_of(f'{{"a":{entry(**fields)}}}', data_bytes)


def table():
    """name -> file, the cases that people thought of."""
    dtypes = {
        "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
        "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
        "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64, "I4": 4, "f32": 32,
    }
    cases = {f"dtype {name}": one(bits, dtype=name, shape="[8]", offsets=f"[0,{bits}]") for name, bits in dtypes.items()}
    shapes = ["[]", "[1]", "[1,1]", "[1.0]", "[1e0]", "[-0]", "[-1]", "[01]", "[+1]", "[ 1 ]", "[18446744073709551616]",
              "[18446744073709551615]", '["1"]', "[null]", "[[1]]", "1", "{}", "null", "[1,]", "[,1]", "[true]"]
    cases |= {f"shape {shape}": one(shape=shape) for shape in shapes}
    offsets = ["[0,4]", "[0]", "[]", "[0,4,8]", "[0,4.0]", "[4,0]", "[-4,0]", "[1,5]", "[0,3]", "[0,5]", "4", "null",
               '["0","4"]', "[0,18446744073709551616]", "[18446744073709551612,0]", "{}"]
    cases |= {f"offsets {text}": one(offsets=text) for text in offsets}
    cases |= {f"data bytes {n}": one(n) for n in (0, 3, 5, 8)}
    cases |= {
        "overflow after zero": one(0, shape="[0,9223372036854775808,4]", offsets="[0,0]"),
        "overflow before zero": one(0, shape="[9223372036854775808,4,0]", offsets="[0,0]"),
        "bit overflow": one(0, shape="[2305843009213693952]", offsets="[0,0]"),
        "packed, half a byte": one(2, dtype="F4", shape="[3]", offsets="[0,2]"),
        "rank 64": one(shape="[" + ",".join(["1"] * 64) + "]"),
        "rank 65": one(shape="[" + ",".join(["1"] * 65) + "]"),
    }
    headers = {
        "empty header": "", "empty object": "{}", "spaces around": "  {}  ", "newlines around": "\n{}\r\n\t", "array": "[]",
        "null": "null", "string": '"a"', "number": "1", "comment": "{/**/}", "line comment": "{}//", "trailing text": "{}x",
        "trailing NUL": "{}\0", "two documents": "{}{}", "trailing comma": '{"__metadata__":{},}',
        "byte order mark": b"\xef\xbb\xbf{}", "not UTF-8": b'{"\xff":1}', "overlong": b'{"\xc0\xaf":1}',
        "UTF-8 surrogate": b'{"__metadata__":{"k":"\xed\xa0\x80"}}', "control character": b'{"__metadata__":{"k":"\x01"}}',
        "lone high surrogate": '{"__metadata__":{"k":"\\ud83d"}}', "lone low surrogate": '{"__metadata__":{"k":"\\ude00"}}',
        "surrogate pair": '{"__metadata__":{"k":"\\ud83d\\ude00"}}', "escaped NUL": '{"__metadata__":{"k":"\\u0000"}}',
        "bad escape": '{"__metadata__":{"k":"\\x"}}', "metadata null": '{"__metadata__":null}',
        "metadata empty": '{"__metadata__":{}}', "metadata list": '{"__metadata__":[]}', "metadata text": '{"__metadata__":"a"}',
        "metadata true": '{"__metadata__":true}', "metadata number": '{"__metadata__":{"k":1}}',
        "metadata null value": '{"__metadata__":{"k":null}}', "metadata object value": '{"__metadata__":{"k":{}}}',
        "metadata twice": '{"__metadata__":{},"__metadata__":{}}', "duplicate metadata key": '{"__metadata__":{"k":"1","k":"2"}}',
        "entry null": '{"a":null}', "entry number": '{"a":1}', "entry text": '{"a":"F32"}', "entry empty": '{"a":{}}',
        "no dtype": '{"a":{"shape":[0],"data_offsets":[0,0]}}', "no shape": '{"a":{"dtype":"F32","data_offsets":[0,0]}}',
        "no offsets": '{"a":{"dtype":"F32","shape":[0]}}',
        "deep array": "[" * 200 + "]" * 200, "deep objects": '{"a":' * 200 + "1" + "}" * 200,
        "dtype null": '{"a":{"dtype":null,"shape":[0],"data_offsets":[0,0]}}',
        "dtype twice": '{"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
    }
    cases |= {name: file_of(header, 0) for name, header in headers.items()}
    u8 = lambda first, last: entry("U8", f"[{last - first}]", f"[{first},{last}]")
    members = {
        "two": ([("a", u8(0, 2)), ("b", u8(2, 3))], 3), "two, other order": ([("b", u8(2, 3)), ("a", u8(0, 2))], 3),
        "hole": ([("a", u8(0, 1)), ("b", u8(2, 3))], 3), "overlap": ([("a", u8(0, 2)), ("b", u8(1, 3))], 3),
        "same bytes": ([("a", u8(0, 2)), ("b", u8(0, 2))], 2), "nested": ([("a", u8(0, 3)), ("b", u8(1, 2))], 3),
        "empty at the start": ([("a", u8(0, 2)), ("b", u8(0, 0))], 2), "empty at the end": ([("a", u8(0, 2)), ("b", u8(2, 2))], 2),
        "empty inside": ([("a", u8(0, 2)), ("b", u8(1, 1))], 2), "empty beyond": ([("a", u8(0, 2)), ("b", u8(3, 3))], 2),
        "unaligned": ([("a", u8(0, 1)), ("b", entry("F32", "[1]", "[1,5]"))], 5),
        "duplicate tensor": ([("a", u8(0, 1)), ("b", u8(0, 2)), ("a", u8(2, 3))], 3),
        "duplicate tensor, equal entries": ([("a", u8(0, 1)), ("a", u8(0, 1))], 1),
        "name empty": ([("", u8(0, 1))], 1), "name path": ([("../x", u8(0, 1))], 1), "name NUL": ([("\\u0000", u8(0, 1))], 1),
        "name not ASCII": ([("\u00e9\U0001f600", u8(0, 1))], 1),
        "entry as array": ([("a", '["F32",[1],[0,4]]')], 4),
        "unknown field": ([("a", u8(0, 1)[:-1] + ',"x":[1,{"y":null}]}')], 1),
        "unknown field nested 100 deep": ([("a", u8(0, 1)[:-1] + ',"x":' + "[" * 100 + "]" * 100 + "}")], 1),
        "unknown field nested 200 deep": ([("a", u8(0, 1)[:-1] + ',"x":' + "[" * 200 + "]" * 200 + "}")], 1),
    }
    for name, (pairs, data_bytes) in members.items():
        cases[name] = file_of("{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}", data_bytes)
    whole = one()
    cases |= {f"cut to {size}": whole[:size] for size in range(len(whole))}
    cases |= {f"length {n}": file_of("{}", 0, n) for n in (0, 1, 3, 99_999_999, 100_000_000, 100_000_001, 2**63, 2**64 - 1)}
    return cases


def valid_file(rng):
    """A random valid file, in the writer's usual layout."""
    header, end = {}, 0
    if rng.random() < 0.5:
        header["__metadata__"] = {f"k{i}": "v" * rng.randrange(4) for i in range(rng.randrange(3))}
    for i in range(rng.randrange(5)):
        dtype, width = rng.choice([("F64", 8), ("F32", 4), ("BF16", 2), ("U8", 1), ("F8_E4M3", 1), ("BOOL", 1)])
        shape = [rng.randrange(4) for _ in range(rng.randrange(4))]
        size = width
        for dimension in shape:
            size *= dimension
        header[f"layer.{i}.w"] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    return json.dumps(header, separators=(",", ":")).encode() + b" " * rng.randrange(8), end


def mutations(count, seed=20260801):
    """Random valid files and small damages of their headers."""
    rng = random.Random(seed)
    pieces = [b"0", b"1", b"9", b"-", b".", b"e", b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b" ", b"null", b"\0", b"\xff", b"U8"]
    for number in range(count):
        header, data_bytes = valid_file(rng)
        yield f"random {number}", file_of(header, data_bytes)
        header = bytearray(header)
        for _ in range(rng.randrange(1, 3)):
            place = rng.randrange(len(header))
            kind = rng.randrange(3)
            if kind == 0:
                header[place : place + 1] = rng.choice(pieces)
            elif kind == 1:
                header[place:place] = rng.choice(pieces)
            else:
                del header[place]
        yield f"damaged {number}", file_of(bytes(header), max(0, data_bytes + rng.choice([0, 0, 0, 1, -1])))


def reference_accepts(path):
    try:
        with safetensors.safe_open(path, framework="np"):
            return True
    except Exception:  # the package raises several unrelated types
        return False


def main():
    header_check = sys.argv[1]
    cases = table() | dict(mutations(150))
    unused = STRICTER - cases.keys()
    failures = [f"STRICTER names no case: {name}" for name in sorted(unused)]
    accepted = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, content in enumerate(cases.values()):
            path = Path(folder) / f"{number}.safetensors"
            path.write_bytes(content)
            paths.append(str(path))
        run = subprocess.run([header_check, *paths], stdout=subprocess.PIPE, check=True)
        answers = run.stdout.decode("utf-8", "replace").splitlines()
        if len(answers) != len(cases):
            sys.exit(f"{header_check} gave {len(answers)} answers for {len(cases)} files")
        for name, path, answer in zip(cases, paths, answers):
            ours, theirs = answer == "accept", reference_accepts(path)
            accepted += ours
            if ours and not theirs:
                failures.append(f"{name}: we accept, the reference rejects")
            elif theirs and not ours and name not in STRICTER:
                failures.append(f"{name}: the reference accepts, we answer {answer}")
            elif name in STRICTER and not (theirs and not ours):
                failures.append(f"{name}: is listed as stricter, but ours={ours} theirs={theirs}")
    print(f"{len(cases)} files, {accepted} accepted, safetensors {safetensors.__version__}")
    if accepted == 0 or accepted == len(cases):
        failures.append("the cases prove nothing: all went one way")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
