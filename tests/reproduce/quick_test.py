"""A short compositional study from end to end: the same results at one and two ranks, in the form that is promised, and an
exit code that says what the claims say."""

import json
import pathlib
import re
import tempfile
import unittest

from support import CLAIM_FAILS, run

MERGES = ["average", "mlerp", "model_stock", "task_arithmetic", "ties", "dare", "fisher", "regmean", "mats", "mats_kfac"]
E3 = ["pretrained", "single", "multitask", *MERGES]
ALPHAS = [f"alpha={alpha}" for alpha in ("0", "0.1", "0.5", "0.9", "1")]
NUMBERS = [f"n={n}" for n in (2, 3, 5, 10, 15)]


class Quick(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="stockpot-reproduce-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.one = run("compositional", "--seeds", 2, "--out", cls.folder / "one", "--quick")
        cls.two = run("compositional", "--seeds", 2, "--out", cls.folder / "two", "--quick", ranks=2)

    def test_same_results_for_any_number_of_ranks(self):
        self.assertEqual((self.folder / "one/results.json").read_bytes(), (self.folder / "two/results.json").read_bytes())
        self.assertEqual(self.one.returncode, self.two.returncode, self.two.stderr)

    def test_results_hold_every_row_once(self):
        results = json.loads((self.folder / "one/results.json").read_text())
        self.assertEqual(list(results), ["experiment", "seeds", "rows"])
        self.assertEqual((results["experiment"], results["seeds"]), ("compositional", [0, 1]))
        wanted = [("E3", method, "") for method in E3]
        wanted += [("E3b", "regmean", alpha) for alpha in ALPHAS] + [("E4", "average", number) for number in NUMBERS]
        keys = sorted((*row, metric) for row in wanted for metric in ("held_in", "generalization"))
        self.assertEqual(sorted((row["table"], row["method"], row["setting"], row["metric"]) for row in results["rows"]), keys)
        for row in results["rows"]:
            self.assertEqual(len(row["values"]), 2, row)
            self.assertTrue(all(0 <= value <= 1 for value in row["values"]), row)

    def test_exit_code_says_what_the_claims_say(self):
        verdicts = re.findall(r"standard error [0-9.]+: (\w+)", self.one.stdout)
        self.assertEqual(len(verdicts), 4, self.one.stdout)
        self.assertLessEqual(set(verdicts), {"holds", "FAILS"})
        self.assertEqual(self.one.returncode, CLAIM_FAILS if "FAILS" in verdicts else 0, self.one.stderr)

    def test_tables_show_every_method_with_accuracy_and_cost(self):
        for method in MERGES:
            lines = [line for line in self.one.stdout.splitlines() if line.split()[:1] == [method]]
            self.assertGreaterEqual(len(lines), 2, method)

    def test_what_was_merged_lies_beside(self):
        merged = self.folder / "one/seed-1/merged/ties-0"
        self.assertIn("merge_method: ties", (merged / "stockpot_recipe.yml").read_text())
        self.assertTrue((merged / "model.safetensors").is_file())


class Refusals(unittest.TestCase):
    def test_command_line(self):
        for arguments in ((), ("sculpture", "--out", "x"), ("compositional",), ("compositional", "--out", "x", "--seeds", "0"),
                          ("compositional", "--out", "x", "--seeds", "-1"), ("compositional", "--out", "x", "--what")):  # fmt: skip
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr.startswith("reproduce: "), done.stderr)
            self.assertEqual(done.stdout, "")

    def test_folder_that_cannot_be_written(self):
        done = run("compositional", "--seeds", "1", "--quick", "--out", "/dev/null/x")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_help(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("usage: reproduce compositional|soups", done.stdout)


unittest.main()
