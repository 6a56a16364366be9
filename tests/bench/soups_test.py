"""`bench soups` on tiny models: what it says and writes; with and without a scratch file."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

bench = None


class Soups(unittest.TestCase):
    def run_bench(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "results.json"
            words = [bench, "soups", "--hidden", "64", "--layers", "1", "--models", "3", "--pairs", "2"]
            words += ["--candidates", "50", "--scratch", folder, "--json", file, *options]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 0)
            self.assertEqual([path.name for path in pathlib.Path(folder).iterdir()], ["results.json"])
            return done.stdout.splitlines(), json.loads(file.read_text())["results"]

    def test_candidates_and_a_search(self):
        lines, results = self.run_bench()
        self.assertEqual(len(lines), 3)
        self.assertEqual(
            [(result["name"], result["variant"]) for result in results],
            [
                ("candidate_vs_pass", "read"),
                ("candidate_vs_pass", "average"),
                ("candidates_per_minute", "random search, built-in probe"),
            ],
        )
        for result in results[:2]:
            self.assertEqual(len(result["ratios"]), 6)
        for result in results:
            self.assertGreater(result["rate"], 0.0)
            self.assertLessEqual(min(result["ratios"]), result["ratio"])
            self.assertGreaterEqual(max(result["ratios"]), result["ratio"])
        self.assertEqual(results[2]["reference"], 1000.0)
        self.assertGreater(results[2]["rate"], 1000.0)

    def test_with_a_scratch_file(self):
        _, results = self.run_bench("--held", "0.5")
        variants = [result["variant"] for result in results[:2]]
        self.assertEqual(variants, ["read, with scratch file", "average, with scratch file"])
        self.assertEqual(len(results), 3)


if __name__ == "__main__":
    bench = sys.argv.pop(1)
    unittest.main()
