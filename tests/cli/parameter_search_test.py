"""`stockpot soup` over the parameters of a method by CMA-ES and by NLopt: the optimum is found, the trace is that of one
evaluator, stopped searches continue."""

import json
import os
import shutil
import signal
import sys
import time

import soup_evaluator
import support
from soup_case import EVALUATOR, SoupCase

STRATEGIES = ("cmaes", "nlopt")
PEAK = 2.2


class ParameterSearches(SoupCase):
    def setUp(self):
        super().setUp()
        self.write_models([1.0, 2.0, 4.0])

    def recipe(self, strategy, budget=40, table=None, how="", evaluate="", space=None):
        """Over the amounts of two task vectors, 1 and 3, on top of 1."""
        (self.scratch / "table.json").write_text(json.dumps({"peak": PEAK, **(table or {})}))
        words = json.dumps([sys.executable, str(EVALUATOR), str(self.scratch), *how.split()])
        space = space or "{lambda: {low: 0, high: 1}, weight@1: [0.25, 0.5, 1]}"
        return self.write_recipe(
            f"merge_method: task_arithmetic\nbase_model: {self.scratch}/m0\n"
            f"models:\n  - model: {self.scratch}/m1\n    parameters: {{weight: 1}}\n"
            f"  - model: {self.scratch}/m2\n    parameters: {{weight: 1}}\n"
            f"search: {{strategy: {strategy}, budget: {budget}, space: {space}}}\n"
            f"evaluate: {{command: {words}, scratch: {json.dumps(str(self.memory))}{evaluate}}}\n"
        )

    def worker_recipe(self, strategy, workers=1, **what):
        return self.recipe(strategy, how="--worker", evaluate=f", worker: true, workers: {workers}", **what)

    @staticmethod
    def merged(parameters):
        return 1.0 + parameters["lambda"] * (1.0 + 3.0 * parameters["weight@1"])

    def test_find_the_optimum(self):
        for strategy in STRATEGIES:
            with self.subTest(strategy=strategy):
                self.soup(self.worker_recipe(strategy, 2))
                trace = self.trace()
                self.assertLessEqual(len(trace), 40)
                self.assertEqual([line["candidate"] for line in trace], list(range(len(trace))))
                best = None
                for line in trace:
                    self.assertAlmostEqual(line["score"], -((self.merged(line["parameters"]) - PEAK) ** 2), places=5)
                    self.assertEqual(line["phase"], "search")
                    self.assertEqual(line["decision"], "accepted" if best is None or line["score"] > best else "rejected")
                    best = line["score"] if best is None else max(best, line["score"])
                    self.assertEqual(line["best"], best)
                self.assertGreater(best, -1e-3)
                self.assertEqual(-((soup_evaluator.element(self.out) - PEAK) ** 2), best)
                self.succeeds(["verify", self.out])
                self.nothing_is_left()
                shutil.rmtree(self.out)

    def test_are_the_same_for_any_ranks_and_evaluators(self):
        for strategy in STRATEGIES:
            found = set()
            for ranks, workers in ((None, 1), (None, 4), (1, 2), (2, 8), (3, 2)):
                if ranks not in support.rank_counts(ranks):
                    continue
                with self.subTest(strategy=strategy, ranks=ranks, workers=workers):
                    recipe = self.worker_recipe(strategy, workers, budget=24, table={"failing_below": 1.5})
                    self.soup(recipe, "--seed", 5, ranks=ranks)
                    self.assertIn("failed", {line["decision"] for line in self.trace()})
                    found.add(json.dumps([self.timeless(self.trace()), soup_evaluator.element(self.out)]))
                    shutil.rmtree(self.out)
            self.assertEqual(len(found), 1)
        self.nothing_is_left()

    def test_the_seed_chooses_the_draws(self):
        found = []
        for seed in (1, 1, 2):
            self.soup(self.worker_recipe("cmaes", budget=8), "--seed", seed)
            found.append([line["parameters"] for line in self.trace()])
            shutil.rmtree(self.out)
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])

    def test_lists_are_searched_once_at_most(self):
        for strategy in STRATEGIES:
            space = "{lambda: [0, 0.3, 1], weight@1: [0.25, 1]}"
            self.soup(self.worker_recipe(strategy, 2, space=space, budget=100))
            asked = [json.dumps(line["parameters"]) for line in self.trace()]
            self.assertLessEqual(len(asked), 6)
            self.assertEqual(len(asked), len(set(asked)))
            self.assertAlmostEqual(soup_evaluator.element(self.out), 1.0 + 0.3 * 4.0, places=5)
            shutil.rmtree(self.out)

    def test_a_stopped_search_evaluates_nothing_twice(self):
        for strategy, ranks in zip(STRATEGIES, (None, 2) if support.mpiexec else (None, None)):
            with self.subTest(strategy=strategy, ranks=ranks):
                recipe = self.recipe(strategy, budget=14, table={"seconds": 0.1})
                whole = self.scratch / "whole"
                self.soup(recipe, out=whole)
                (self.scratch / "asked.log").unlink()
                arguments = ["soup", recipe, self.out, "--durability", "none", "--progress", "none"]
                process = support.start(arguments, ranks)
                while len(self.started()) < 8:
                    self.assertIsNone(process.poll(), "ended early")
                    time.sleep(0.01)
                for pid in support.ranks_of(self.out):
                    os.kill(pid, signal.SIGKILL)
                support.finish(process)
                partial = self.trace(self.scratch / ".out.partial")
                self.assertGreaterEqual(len(partial), 6)
                (self.scratch / "asked.log").unlink()
                self.soup(recipe, "--resume", ranks=ranks)
                self.assertEqual(len(self.started()), 14 - len(partial))
                self.assertEqual(self.timeless(self.trace()), self.timeless(self.trace(whole)))
                self.assertEqual(soup_evaluator.element(self.out), soup_evaluator.element(whole))
                for folder in (self.out, whole, *self.memory.iterdir()):
                    shutil.rmtree(folder)  # SIGKILL leaves its candidate

    def test_no_usable_score_ends_the_search(self):
        for strategy in STRATEGIES:
            recipe = self.worker_recipe(strategy, budget=6, table={"failing_below": 99.0})
            self.refuses(support.INPUT, ["soup", recipe, self.out, "--progress", "none"], ["no candidate", "6 failed"])
            self.leaves_nothing()


if __name__ == "__main__":
    support.main()
