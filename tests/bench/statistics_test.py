"""bench statistics on layers that are too small to say anything about speed: names, arithmetic, refusals."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import unittest

BENCH = sys.argv.pop(1)


def run(*arguments):
    return subprocess.run([BENCH, "statistics", *arguments], capture_output=True, text=True, timeout=50)


class StatisticsBench(unittest.TestCase):
    def test_results(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            done = run("--sizes", "65", "130", "--pairs", "3", "--json", str(path))
            self.assertEqual(done.returncode, 0, done.stderr)
            written = json.loads(path.read_text())
        self.assertIn(written["library"], done.stdout)
        results = written["results"]
        keys = [(result["name"], result["variant"], result["size"]) for result in results]
        cases = (("solve_vs_gemm", "regmean"), ("solve_vs_gemm", "mats"), ("gram_vs_gemm", "f64"), ("gram_vs_gemm", "f32"))
        self.assertEqual(keys, [(*case, size) for size in (65, 130) for case in cases])
        for result in results:
            self.assertEqual(len(result["ratios"]), 3)
            self.assertEqual(result["ratio"], statistics.median(result["ratios"]))
            self.assertGreater(result["rate"], 0)
            self.assertGreater(result["reference"], 0)
            self.assertIn(f"ratio {result['ratio']:.3f}", done.stdout)

    def test_refusals(self):
        for arguments in (("--pairs", "0"), ("--sizes", "0"), ("--sizes", "99999"), ("--sizes", "x"), ("--what",)):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr.startswith("bench: "), done.stderr)
        self.assertEqual(run("--sizes", "8", "--pairs", "1", "--json", "/nowhere/x.json").returncode, 4)


unittest.main()
