"""Model files as nobody should write them (and some odd ones that are right), one rule of the format each."""

import json
import struct

import support
from support import INPUT, f32, framed

ONE = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'


def tensor(dtype="F32", shape="[1]", offsets="[0,4]", name="a"):
    return f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}'


def file_of(header, data=b"\0" * 4):
    """A file with this header; text or bytes."""
    return framed(header if isinstance(header, bytes) else header.encode()) + data


# Name -> (content, words that the message must hold besides the file).
REFUSED = {
    "empty file": (b"", []),
    "seven bytes": (b"\2\0\0\0\0\0\0", []),
    "header longer than the file": (struct.pack("<Q", 4096) + b"{}", []),
    "header of more than 100 MB": (struct.pack("<Q", 100_000_001) + b"{}", []),
    "header of 2^64-1 bytes": (b"\xff" * 8 + b"{}", []),
    "header of 2^63 bytes": (struct.pack("<Q", 1 << 63) + b"{}", []),
    "no JSON": (file_of("hello"), []),
    "empty header": (file_of(""), []),
    "JSON array": (file_of("[]"), []),
    "JSON that breaks off": (file_of("{" + ONE), []),
    "byte order mark": (file_of(b"\xef\xbb\xbf{" + ONE.encode() + b"}"), []),
    "comment": (file_of("{" + ONE + "/* */}"), []),
    "trailing NUL": (file_of("{" + ONE + "}\0"), []),
    "trailing text": (file_of("{" + ONE + "} x"), []),
    "two documents": (file_of("{" + ONE + "}{}"), []),
    "trailing comma": (file_of("{" + ONE + ",}"), []),
    "deep nesting": (file_of('{"a":' + "[" * 100_000 + "]" * 100_000 + "}"), []),
    "lone surrogate": (file_of("{" + tensor(name="\\ud800") + "}"), []),
    "bad UTF-8": (file_of(b"{" + tensor().encode().replace(b'"a"', b'"\xff"') + b"}"), []),
    "first tensor not at zero": (file_of("{" + tensor(offsets="[4,8]") + "}", b"\0" * 8), ["a"]),
    "hole": (file_of("{" + ONE + "," + tensor(name="hollow", offsets="[8,12]") + "}", b"\0" * 12), ["hollow"]),
    "overlap": (file_of("{" + ONE + "," + tensor(name="over", offsets="[2,6]") + "}", b"\0" * 6), ["over"]),
    "the same bytes twice": (file_of("{" + ONE + "," + tensor(name="twin") + "}"), []),
    "trailing bytes": (file_of("{" + ONE + "}", b"\0" * 5), []),
    "data cut off": (file_of("{" + ONE + "}", b"\0" * 3), []),
    "offsets beyond the file": (file_of("{" + tensor(shape="[1000000]", offsets="[0,4000000]") + "}"), []),
    "offsets too large by far": (file_of("{" + tensor(offsets="[0,18446744073709551615]") + "}"), ["'a'"]),
    "end before begin": (file_of("{" + tensor(offsets="[4,0]") + "}"), ["'a'"]),
    "too few bytes for the shape": (file_of("{" + tensor(shape="[2]") + "}"), ["'a'"]),
    "too many bytes for the shape": (file_of("{" + tensor(shape="[0]") + "}"), ["'a'"]),
    "zero-sized tensor inside another": (
        file_of("{" + ONE + "," + tensor(name="z", shape="[0]", offsets="[2,2]") + "}"),
        [],
    ),
    "shape as 4.0": (file_of("{" + tensor(shape="[1.0]") + "}"), ["'a'"]),
    "shape as 1e0": (file_of("{" + tensor(shape="[1e0]") + "}"), ["'a'"]),
    "shape as -0": (file_of("{" + tensor(shape="[-0]", offsets="[0,0]") + "}", b""), ["'a'"]),
    "shape as -1": (file_of("{" + tensor(shape="[-1]") + "}"), ["'a'"]),
    "shape as 01": (file_of("{" + tensor(shape="[01]") + "}"), []),
    "shape above 2^64": (file_of("{" + tensor(shape="[18446744073709551616]") + "}"), ["'a'"]),
    "shape as text": (file_of("{" + tensor(shape='["1"]') + "}"), ["'a'"]),
    "offset as 4.0": (file_of("{" + tensor(offsets="[0,4.0]") + "}"), ["'a'"]),
    "three offsets": (file_of("{" + tensor(offsets="[0,4,4]") + "}"), ["'a'"]),
    "one offset": (file_of("{" + tensor(offsets="[4]") + "}"), ["'a'"]),
    "product overflows before a zero": (
        file_of("{" + tensor(shape="[9223372036854775808,4,0]", offsets="[0,0]") + "}", b""),
        ["'a'"],
    ),
    "product overflows": (file_of("{" + tensor(shape="[4294967296,4294967296]", offsets="[0,0]") + "}", b""), ["'a'"]),
    "bits that fill no byte": (file_of("{" + tensor("F4", "[3]", "[0,2]") + "}", b"\0\0"), ["'a'"]),
    "unknown dtype": (file_of("{" + tensor("I4") + "}"), ["'a'", "I4"]),
    "dtype in lower case": (file_of("{" + tensor("f32") + "}"), ["'a'", "f32"]),
    "no dtype": (file_of('{"a":{"shape":[1],"data_offsets":[0,4]}}'), ["'a'", "dtype"]),
    "no shape": (file_of('{"a":{"dtype":"F32","data_offsets":[0,4]}}'), ["'a'", "shape"]),
    "no offsets": (file_of('{"a":{"dtype":"F32","shape":[1]}}'), ["'a'", "data_offsets"]),
    "tensor as array": (file_of('{"a":["F32",[1],[0,4]]}'), ["'a'"]),
    "tensor as null": (file_of('{"a":null}', b""), ["'a'"]),
    "duplicate tensor": (file_of("{" + ONE + "," + ONE + "}"), ["'a'"]),
    "duplicate tensor, escaped": (
        file_of("{" + ONE + "," + tensor(name="\\u0061", offsets="[4,8]") + "}", b"\0" * 8),
        ["'a'"],
    ),
    "metadata that is a number": (file_of('{"__metadata__":{"k":1},' + ONE + "}"), ["__metadata__"]),
    "metadata that is a list": (file_of('{"__metadata__":["k"],' + ONE + "}"), ["__metadata__"]),
    "two sets of metadata": (file_of('{"__metadata__":{},"__metadata__":{},' + ONE + "}"), ["__metadata__"]),
    "duplicate key in metadata": (file_of('{"__metadata__":{"k":"1","k":"2"},' + ONE + "}"), ["'k'"]),
}

# Every rank learns of the failure in the same way whatever the rule; a start of mpirun is what takes long.
AT_SEVERAL_RANKS = {
    "empty file",
    "header of 2^63 bytes",
    "deep nesting",
    "hole",
    "overlap",
    "data cut off",
    "product overflows",
    "unknown dtype",
    "duplicate tensor",
}

# Name -> (content, the tensors that come out of a passthrough)
ACCEPTED = {
    "whitespace around the header": (file_of("  {" + ONE + "}\n  "), ["a"]),
    "metadata null": (file_of('{"__metadata__":null,' + ONE + "}"), ["a"]),
    "tensor at an odd offset": (
        file_of("{" + tensor("U8", "[1]", "[0,1]", "b") + "," + tensor(offsets="[1,5]") + "}", b"\1" + f32(1.5)),
        ["a", "b"],
    ),
    "scalar": (file_of("{" + tensor(shape="[]") + "}", f32(2.5)), ["a"]),
    "zero-sized tensors": (
        file_of("{" + tensor(shape="[0,3]", offsets="[0,0]", name="z") + "," + ONE + "}"),
        ["a", "z"],
    ),
    "zero before a product that would overflow": (
        file_of("{" + tensor(shape="[0,9223372036854775808,4]", offsets="[0,0]") + "}", b""),
        ["a"],
    ),
    "offsets in another order than names": (
        file_of("{" + tensor(name="b", offsets="[4,8]") + "," + ONE + "}", f32(1, 2)),
        ["a", "b"],
    ),
    "strange names": (
        file_of(
            "{"
            + tensor(name="../x")
            + ","
            + tensor(name="", offsets="[4,8]")
            + ","
            + tensor(name="n\\u0000l", offsets="[8,12]")
            + ","
            + tensor(name="/etc/passwd", offsets="[12,16]")
            + "}",
            f32(1, 2, 3, 4),
        ),
        ["", "../x", "/etc/passwd", "n\0l"],
    ),
    "dtypes that only pass through": (
        file_of(
            "{"
            + tensor("F4", "[2]", "[0,1]", "f4")
            + ","
            + tensor("F8_E8M0", "[1]", "[1,2]", "e8m0")
            + ","
            + tensor("C64", "[1]", "[2,10]", "c64")
            + ","
            + tensor("F6_E2M3", "[4]", "[10,13]", "f6")
            + "}",
            bytes(range(13)),
        ),
        ["c64", "e8m0", "f4", "f6"],
    ),
}


def read_file(path):
    """Name -> (dtype, shape, bytes) of a file that the program wrote."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    data = content[8 + length :]
    header.pop("__metadata__", None)
    return {name: (info["dtype"], info["shape"], data[slice(*info["data_offsets"])]) for name, info in header.items()}


class HostileFiles(support.Case):
    def test_refused(self):
        good = self.scratch / "good.safetensors"
        good.write_bytes(support.safetensors({"a": ("F32", [1], f32(1))}))
        for name, (content, words) in REFUSED.items():
            with self.subTest(name):
                bad = self.scratch / "bad.safetensors"
                bad.write_bytes(content)
                self.refuses_merge(
                    INPUT,
                    support.linear_recipe(good, bad),
                    [bad, *words],
                    counts=(None, 3) if name in AT_SEVERAL_RANKS else (None,),
                )

    def test_header_length_is_no_size_to_allocate(self):
        """A sparse file of 10 GB that is nothing but header."""
        bad = self.scratch / "bad.safetensors"
        with bad.open("wb") as file:
            file.write(struct.pack("<Q", 9_999_999_992))
            file.truncate(10_000_000_000)
        self.refuses_merge(INPUT, support.linear_recipe(bad), [bad])

    def test_accepted(self):
        for name, (content, expected) in ACCEPTED.items():
            with self.subTest(name):
                odd = self.scratch / "odd.safetensors"
                odd.write_bytes(content)
                recipe = self.write_recipe(f"merge_method: passthrough\nmodels: [{{model: {odd}}}]\n")
                self.merges(recipe, "--overwrite")
                merged = read_file(self.out / "model.safetensors")
                self.assertEqual(sorted(merged), expected)
                self.assertEqual(merged, read_file(odd))
                self.assertEqual(
                    sorted(path.name for path in self.scratch.iterdir()), ["odd.safetensors", "out", "recipe.yml"]
                )

    def test_unknown_field_is_a_warning(self):
        odd = self.scratch / "odd.safetensors"
        odd.write_bytes(file_of('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"colour":"red"}}'))
        result = self.merges(self.write_recipe(support.linear_recipe(odd)))
        self.assertEqual(len(result.warnings), 1, result.err)
        self.assertIn("colour", result.warnings[0])

    def test_dtypes_that_can_not_be_merged(self):
        for dtype, shape, size in (
            ("F4", [2], 1),
            ("F6_E2M3", [4], 3),
            ("F8_E8M0", [1], 1),
            ("F8_E4M3FNUZ", [1], 1),
            ("C64", [1], 8),
        ):
            with self.subTest(dtype):
                models = []
                for number in range(2):
                    models.append(self.scratch / f"{number}.safetensors")
                    models[-1].write_bytes(support.safetensors({"odd.one": (dtype, shape, bytes([number] * size))}))
                self.refuses_merge(INPUT, support.linear_recipe(*models), ["odd.one", dtype], counts=(None,))

    def test_names_are_quoted_in_messages(self):
        """A name with a line feed makes no second line."""
        bad = self.scratch / "bad.safetensors"
        bad.write_bytes(file_of("{" + tensor("I4", name="x\\nstockpot: all is well\\u001b[2J") + "}"))
        self.refuses_merge(INPUT, support.linear_recipe(bad), [bad])


if __name__ == "__main__":
    support.main()
