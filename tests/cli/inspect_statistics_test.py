"""`stockpot inspect` of sample files and statistics files, here ones that h5py wrote."""

import json
import pathlib
import struct

import support

FILES = pathlib.Path(__file__).resolve().parent.parent / "golden" / "statistics"
DIGEST = "00112233445566778899aabbccddeeff"


class InspectStatistics(support.Case):
    def json_of(self, file, ranks=None):
        return json.loads(self.succeeds(["inspect", file, "--json"], ranks).out)

    def changed(self, name, old, new):
        """A copy of a file with some bytes replaced, which must stand in it."""
        data = (FILES / name).read_bytes()
        self.assertIn(old, data)
        path = self.scratch / name
        path.write_bytes(data.replace(old, new))
        return path

    def test_statistics(self):
        for ranks in support.rank_counts(None, 3):
            found = self.json_of(FILES / "statistics.h5", ranks)
            self.assertEqual(found["format"], "statistics")
            self.assertEqual(found["model_digest"], DIGEST)
            self.assertEqual((found["examples"], found["tokens"], found["labels"]), (10, 20, "empirical"))
            objects = found["objects"]
            self.assertEqual(set(objects), {"/gram/q", "/gram/k", "/gram/v", "/gram/o", "/fisher/q.weight"})
            self.assertEqual(objects["/gram/v"]["same_as"], "/gram/k")
            self.assertEqual(objects["/gram/o"]["layout"], "lower")
            self.assertEqual(objects["/gram/o"]["tokens"], 9)
            self.assertEqual(objects["/gram/q"]["shape"], [4, 4])
        text = self.succeeds(["inspect", FILES / "statistics.h5"]).out
        self.assertRegex(text, r"/gram/o +F64 +\[6\] +lower +9 ")

    def test_samples(self):
        found = self.json_of(FILES / "samples.h5")
        self.assertEqual(found["format"], "samples")
        self.assertEqual((found["examples"], found["labels"]), (3, "exact"))
        self.assertEqual(found["objects"]["/inputs/encoder.fc"]["tokens"], 8)
        self.assertEqual(found["objects"]["/output_gradients/decoder%2Ffc"]["mask"], "/masks/decoder")
        self.assertIn("weight_layout in_out", self.succeeds(["inspect", FILES / "samples.h5"]).out)

    def test_bad_values_and_words(self):
        half = struct.pack("<ff", 0.5, 0.5)
        cases = (
            (half, struct.pack("<ff", 0.5, 0.25), ["/probabilities", "example 0 sum to 0.75, not 1"]),
            (half, struct.pack("<ff", -0.5, 1.5), ["/probabilities", "negative"]),
            (b"exact", b"exakt", ["labels", "did you mean 'exact'?"]),
            (b"format_version", b"format_versoin", ["did you mean 'format_version'?"]),
        )
        for old, new, words in cases:
            with self.subTest(words=words):
                self.refuses(support.INPUT, ["inspect", self.changed("samples.h5", old, new)], words)

    def test_negative_fisher(self):
        expected = json.loads((FILES / "expected.json").read_text())["statistics"]["fisher"]
        value = struct.pack("<f", expected[3])
        for ranks in support.rank_counts(None, 2):
            file = self.changed("statistics.h5", value, struct.pack("<f", -expected[3]))
            self.refuses(support.INPUT, ["inspect", file], ["'/fisher/q.weight': element 3 is negative"], ranks)
            self.succeeds(["inspect", file, "--headers"], ranks)

    def test_truncated(self):
        path = self.scratch / "cut.h5"
        for name in ("samples.h5", "statistics.h5"):
            data = (FILES / name).read_bytes()
            for size in (0, 7, 100, len(data) // 2, len(data) - 1):
                path.write_bytes(data[:size])
                with self.subTest(name=name, size=size):
                    self.refuses(support.INPUT, ["inspect", path], ["cut.h5"])


if __name__ == "__main__":
    support.main()
