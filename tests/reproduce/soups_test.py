"""A short study of soups from end to end: the same results at one, two and three ranks, every row that is promised, pictures
that other programs can open, and an exit code that says what the claims say."""

import json
import pathlib
import re
import tempfile
import unittest

from support import CLAIM_FAILS, run

MERGES = ["average_2", "stock_2", "average_4", "average_8", "average_16"]
SEARCHES = ["uniform", "greedy", "greedy_ge", "learned", "learned_model"]
CLAIMS = 26


def wanted_rows():
    rows = [("E1", "geometry", "", metric) for metric in ("norm_cv", "angle_mean", "angle_std")]
    for method in ["single", *MERGES]:
        rows += [("E1", method, "", metric) for metric in ("id", "ood", "distance_to_center")]
    for table, methods in (("E2", ["best_single", *SEARCHES[:2]]), ("E6", ["best_single", *SEARCHES, "logit_ensemble"])):
        rows += [(table, method, "", metric) for method in methods for metric in ("id", "ood", "val")]
    for anchor in ("anchor=same", "anchor=independent"):
        rows += [("E7", method, anchor, "id") for method in ("single", "weights", "logits", "features")]
    return rows + [("E7", "weights", f"scale={scale}", "id") for scale in ("0.1", "1", "10", "100")]


class Soups(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stockpot-soups-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.runs = {ranks: run("soups", "--seeds", 2, "--quick", "--out", cls.folder / str(ranks), ranks=ranks) for ranks in (1, 2, 3)}
        cls.results = json.loads((cls.folder / "1/results.json").read_text())
        cls.values = {
            (row["table"], row["method"], row["setting"], row["metric"]): row["values"] for row in cls.results["rows"]
        }

    def test_same_results_for_any_number_of_ranks(self):
        for ranks in (2, 3):
            self.assertEqual(self.runs[ranks].stdout, self.runs[1].stdout)
            for file in ("results.json", "patterns/average_same.pgm", "seed-1/merged/learned-0/model.safetensors"):
                self.assertEqual((self.folder / str(ranks) / file).read_bytes(), (self.folder / "1" / file).read_bytes(), file)

    def test_results_hold_every_row_once(self):
        self.assertEqual(list(self.results), ["experiment", "seeds", "rows"])
        self.assertEqual((self.results["experiment"], self.results["seeds"]), ("soups", [0, 1]))
        self.assertEqual(sorted(self.values), sorted(wanted_rows()))
        self.assertEqual(len(self.results["rows"]), len(self.values))
        for (_, _, _, metric), values in self.values.items():
            self.assertEqual(len(values), 2)
            highest = {"angle_mean": 180, "angle_std": 180, "distance_to_center": 100}.get(metric, 1)
            self.assertTrue(all(0 <= value <= highest for value in values), (metric, values))

    def test_what_holds_by_construction(self):
        for search in ("greedy", "greedy_ge"):
            pairs = zip(self.values["E6", search, "", "val"], self.values["E6", "best_single", "", "val"], strict=True)
            self.assertTrue(all(searched >= single for searched, single in pairs))
        self.assertEqual(self.values["E1", "average_16", "", "distance_to_center"], [0, 0])
        for method in ("best_single", "uniform", "greedy"):
            self.assertEqual(self.values["E2", method, "", "ood"], self.values["E6", method, "", "ood"])
        # Multiplying all parameters of a ReLU network by a large number changes the biases' share at most.
        for one, ten in zip(self.values["E7", "weights", "scale=10", "id"], self.values["E7", "weights", "scale=100", "id"], strict=True):
            self.assertAlmostEqual(one, ten, delta=0.05)

    def test_exit_code_says_what_the_claims_say(self):
        done = self.runs[1]
        verdicts = re.findall(r"standard error [0-9.]+: (\w+)", done.stdout)
        self.assertEqual(len(verdicts), CLAIMS, done.stdout)
        self.assertLessEqual(set(verdicts), {"holds", "FAILS"})
        self.assertEqual(done.returncode, CLAIM_FAILS if "FAILS" in verdicts else 0, done.stderr)

    def test_pictures_are_netpbm(self):
        layers = ("single", "single_independent", "average_same", "average_independent")
        for name, images in (*((layer, 128) for layer in layers), ("class_means", 10)):
            content = (self.folder / f"1/patterns/{name}.pgm").read_bytes()
            header = re.match(rb"P5\n(\d+) (\d+)\n255\n", content)
            width, height = int(header[1]), int(header[2])
            self.assertEqual((width, height), (min(images, 16) * 33 + 1, -(-images // 16) * 33 + 1), name)
            pixels = content[header.end() :]
            self.assertEqual(len(pixels), width * height, name)
            self.assertGreater(len(set(pixels)), 10, name)
            self.assertEqual(set(pixels[:width]), {0}, name)

    def test_searches_leave_their_traces(self):
        trace = (self.folder / "1/seed-0/merged/greedy-0/soup_trace.jsonl").read_text().splitlines()
        self.assertEqual(len(trace), 20 + 19)
        recipe = (self.folder / "1/seed-0/merged/learned_model-0/stockpot_recipe.yml").read_text()
        self.assertIn("scope: model", recipe)


unittest.main()
