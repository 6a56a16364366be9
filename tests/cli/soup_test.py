"""`stockpot soup` with real programs as evaluators: against an independent greedy search, at several numbers of ranks and
evaluators, with programs that fail in every way, stopped and resumed."""

import json
import math
import os
import random
import shutil
import signal
import struct
import sys
import time

import soup_evaluator
import support
from soup_case import EVALUATOR, SoupCase


def mean_of(values, ingredients):
    """The soup's one element as it is written: summed in the order of the recipe, in double, rounded once."""
    total = 0.0
    for model in sorted(ingredients):
        total += values[model]
    return struct.unpack("<f", struct.pack("<f", total / len(ingredients)))[0]


def greedy(values, score_of, accepts_equal=False, last_first=True):
    """The authors' search, written from their description: (ingredients, [(phase, ingredients, score, decision)])."""
    lines, scores = [], {}
    for model in range(len(values)):
        score = score_of(mean_of(values, [model]))
        lines.append(("rank", [model], score, "failed" if score is None else "ranked"))
        if score is not None:
            scores[model] = score
    order = sorted(scores, key=lambda model: (scores[model], model if last_first else -model))[::-1]
    soup, best = [order[0]], scores[order[0]]
    for model in order[1:]:
        score = score_of(mean_of(values, soup + [model]))
        if score is None:
            decision = "failed"
        else:
            taken = score >= best if accepts_equal else score > best
            decision = "accepted" if taken else "rejected"
        lines.append(("try", soup + [model], score, decision))
        if decision == "accepted":
            soup, best = soup + [model], score
    return soup, lines


class Soups(SoupCase):
    def recipe(self, models, table, search="", evaluate="", how=""):
        """A greedy soup whose evaluator looks scores up in `table`; `how` are the program's own words."""
        (self.scratch / "table.json").write_text(json.dumps(table))
        words = [sys.executable, str(EVALUATOR), str(self.scratch), *how.split()]
        lines = "".join(f"  - model: {self.scratch}/m{number}\n" for number in range(models))
        return self.write_recipe(
            f"merge_method: greedy_soup\nmodels:\n{lines}search: {{strategy: greedy{search}}}\n"
            f"evaluate: {{command: {json.dumps(words)}, scratch: {json.dumps(str(self.memory))}{evaluate}}}\n"
        )

    def expect_trace(self, trace, lines):
        found = [(line["phase"], line["ingredients"], line["score"], line["decision"]) for line in trace]
        self.assertEqual(found, lines)
        self.assertEqual([line["candidate"] for line in trace], list(range(len(lines))))

    def test_equal_an_independent_search(self):
        generator = random.Random(3)
        for case in range(12):
            with self.subTest(case=case):
                values = [generator.randrange(64) / 8 for _ in range(generator.randrange(2, 7))]
                # Few scores, so that there are ties.
                table = {"levels": generator.randrange(2, 9), "seed": case, "failing": generator.choice([0.0, 0.2])}
                score_of = scorer(table)
                if all(score_of(mean_of(values, [m])) is None for m in range(len(values))):
                    continue
                equal, last = case % 2 == 0, case % 3 != 0
                soup, lines = greedy(values, score_of, equal, last)
                self.write_models(values)
                recipe = self.recipe(
                    len(values),
                    table,
                    f", accept: '{'>=' if equal else '>'}', ties: {'last' if last else 'first'}",
                    f", retries: 0, workers: {1 + case % 4}",
                )
                self.soup(recipe, ranks=support.rank_counts(None, 2, 3)[case % len(support.rank_counts(None, 2, 3))])
                self.expect_trace(self.trace(), lines)
                data = (self.out / "model.safetensors").read_bytes()
                self.assertIn(support.f32(mean_of(values, soup)), data)
                self.succeeds(["verify", self.out])
                self.nothing_is_left()
                for folder in [self.out, *self.scratch.glob("m?")]:
                    shutil.rmtree(folder)

    def test_are_the_same_for_any_ranks_and_evaluators(self):
        values = [1.0, 3.5, 2.25, 0.5, 3.0, 1.75]
        table = {"levels": 50, "seed": 4, "failing": 0.1}
        self.write_models(values)
        found = {}
        for ranks in support.rank_counts(None, 1, 2, 3, 4):
            for workers in (1, 2, 4, 8):
                with self.subTest(ranks=ranks, workers=workers):
                    recipe = self.recipe(len(values), table, "", f", workers: {workers}, retries: 0")
                    self.soup(recipe, ranks=ranks)
                    digests = support.digests(
                        self.out, ("stockpot_run.json", "soup_trace.jsonl", "stockpot_recipe.yml", "README.md",
                                   "stockpot_manifest.json")
                    )
                    weights = {name: digest for name, digest in digests.items() if "evaluator_logs" not in name}
                    found[ranks, workers] = json.dumps([self.timeless(self.trace()), weights])
                    self.assertLess({line["worker"] for line in self.trace()}, set(range(workers + 1)))
                    shutil.rmtree(self.out)
        self.assertEqual(len(set(found.values())), 1)
        self.nothing_is_left()

    def test_failures_are_told_apart_retried_and_never_counted(self):
        values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
        self.write_models(values)
        behaviours = {"1.0": "exit", "2.0": "signal", "3.0": "hang", "4.0": "garbage", "5.0": "nan"}
        table = {"scores": {"6.0": 0.5}, "behaviours": behaviours}
        recipe = self.recipe(6, table, "", ", timeout: 1, retries: 1, workers: 3")
        began = time.monotonic()
        self.soup(recipe)
        self.assertLess(time.monotonic() - began, 30.0)
        trace = self.trace()
        self.assertEqual([line["decision"] for line in trace], ["failed"] * 5 + ["ranked"])
        reasons = [line["reason"].split(":")[0] for line in trace[:5]]
        self.assertEqual(reasons, ["exit 7", "signal 11", "timeout", "output", "metric"])
        self.assertEqual([line["attempts"] for line in trace], [2] * 5 + [1])
        self.assertEqual([line["score"] for line in trace], [None] * 5 + [0.5])
        self.assertGreaterEqual(len(self.started()), 11)  # what was begun ahead may go unused
        self.nothing_is_left()
        logs = "".join(path.read_text() for path in (self.out / "evaluator_logs").iterdir())
        self.assertIn("evaluating", logs)

    def test_a_second_attempt_counts(self):
        self.write_models([1.0, 2.0])
        table = {"scores": {"1.0": 0.5, "2.0": 0.25, "1.5": 0.75}, "behaviours": {"2.0": "exit once"}}
        self.soup(self.recipe(2, table))
        self.assertEqual([line["attempts"] for line in self.trace()], [1, 2, 1])
        self.assertEqual(self.trace()[-1]["decision"], "accepted")

    def test_no_usable_score_ends_the_search(self):
        self.write_models([1.0, 2.0])
        recipe = self.recipe(2, {"scores": {}, "behaviours": {"1.0": "exit", "2.0": "exit"}}, "", ", retries: 0")
        for ranks in support.rank_counts(None, 2):
            result = support.run(["soup", recipe, self.out, "--progress", "none"], ranks)
            self.assertEqual(result.code, support.INPUT, result.err)
            self.assertEqual(len(result.failures), 1, result.err)
            self.assertFalse(self.out.exists())
            self.nothing_is_left()
            self.leaves_nothing()

    def test_on_failure_error_ends_the_job(self):
        self.write_models([1.0, 2.0])
        recipe = self.recipe(
            2, {"scores": {"1.0": 0.5}, "behaviours": {"2.0": "exit"}}, "", ", retries: 0, on_failure: error"
        )
        result = support.run(["soup", recipe, self.out, "--progress", "none"])
        self.assertEqual(result.code, support.INPUT, result.err)
        self.assertIn("exit 7", result.err)

    def test_a_program_that_is_not_there_is_told_at_once(self):
        self.write_models([1.0, 2.0])
        lines = "".join(f"  - model: {self.scratch}/m{n}\n" for n in range(2))
        recipe = self.write_recipe(
            f"merge_method: greedy_soup\nmodels:\n{lines}evaluate: {{command: [/no/such/program]}}\n"
        )
        for ranks in support.rank_counts(None, 3):
            self.refuses(support.USAGE, ["soup", recipe, self.out], ["/no/such/program"], ranks)

    def test_workers_are_started_once(self):
        values = [1.0, 3.5, 2.25, 0.5]
        table = {"levels": 20, "seed": 1, "failing": 0.0}
        self.write_models(values)
        soup, lines = greedy(values, scorer(table))
        for ranks in support.rank_counts(None, 2):
            self.soup(self.recipe(4, table, "", ", worker: true, workers: 2", "--worker"), ranks=ranks)
            self.expect_trace(self.trace(), lines)
            self.assertLessEqual(len((self.scratch / "started.log").read_text().split()), 2)
            (self.scratch / "started.log").unlink()
            shutil.rmtree(self.out)
        self.nothing_is_left()

    def test_the_final_data_choose_nothing(self):
        self.write_models([1.0, 2.0])
        final = json.dumps([sys.executable, str(EVALUATOR), str(self.scratch), "--constant", "0.125"])
        table = {"scores": {"1.0": 0.5, "2.0": 0.75, "1.5": 0.25}}
        self.soup(self.recipe(2, table, "", f", final: {{command: {final}, scratch: {json.dumps(str(self.memory))}}}"))
        last = self.trace()[-1]
        self.assertEqual((last["phase"], last["decision"], last["ingredients"]), ("final", "final", [1]))
        self.assertEqual((last["score"], last["best"], last["candidate"]), (0.125, 0.75, 3))
        self.assertEqual(self.started().count("final"), 1)
        self.nothing_is_left()

    def test_a_stopped_search_evaluates_nothing_twice(self):
        values = [1.0, 3.5, 2.25, 0.5, 3.0]
        table = {"levels": 50, "seed": 9, "failing": 0.0, "seconds": 0.15}
        self.write_models(values)
        recipe = self.recipe(5, table)
        arguments = ["soup", recipe, self.out, "--durability", "none", "--progress", "none"]
        lines = greedy(values, scorer(table))[1]
        for ranks, number, code in [
            (ranks, number, code)
            for ranks in support.rank_counts(None, 2)
            for number, code in ((signal.SIGUSR1, support.STOPPED), (signal.SIGKILL, None))
        ]:
            with self.subTest(ranks=ranks, signal=number):
                (self.scratch / "asked.log").unlink(missing_ok=True)
                process = support.start(arguments, ranks)
                while len(self.started()) < 4:
                    self.assertIsNone(process.poll(), "ended early")
                    time.sleep(0.01)
                for pid in support.ranks_of(self.out):
                    os.kill(pid, number)
                stopped = support.finish(process)
                if code is not None:
                    self.assertEqual(stopped.code, code, stopped.err)
                    self.nothing_is_left()
                partial = self.trace(self.scratch / ".out.partial")
                self.assertGreaterEqual(len(partial), 2)
                (self.scratch / "asked.log").unlink()
                result = self.soup(recipe, "--resume", "--json", ranks=ranks)
                self.expect_trace(self.trace(), lines)
                self.assertEqual(self.timeless(self.trace())[: len(partial)], self.timeless(partial))
                self.assertEqual(len(self.started()), len(lines) - len(partial))
                self.assertEqual(json.loads(result.out)["remembered"], len(partial))
                self.soup(recipe, "--resume", ranks=ranks)  # verifies
                self.nothing_is_left()  # not even of the killed one
                shutil.rmtree(self.out)

    def test_a_rank_that_fails_anywhere_ends_all(self):
        values = [1.0, 3.5, 2.25]
        table = {"levels": 50, "seed": 9, "failing": 0.0}
        self.write_models(values)
        recipe = self.recipe(3, table, "", ", workers: 2, worker: true", "--worker")
        arguments = ["soup", recipe, self.out, "--durability", "none", "--progress", "none", "--resume"]
        lines = greedy(values, scorer(table))[1]
        for ranks, rank in ((3, 0), (3, 1)) if support.rank_counts(3) else ((None, 0),):
            reached = 0
            for nth in [*range(1, 40, 2), *range(40, 400, 19)]:
                fault = {"STOCKPOT_FAULT": f"agree:eio:nth={nth}:rank={rank}"}
                result = support.run(arguments, ranks, env=fault)
                self.nothing_is_left()
                if result.code == 0:
                    break
                reached += 1
                with self.subTest(ranks=ranks, rank=rank, point=nth):
                    self.assertEqual(result.code, support.SYSTEM_IO, result.err)
                    self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
                    self.assertEqual(len(result.failures), 1, result.err)
                    if ranks:
                        self.assertIn(f"rank {rank}: ", result.failures[0])
            self.assertGreater(reached, 10)
            self.soup(recipe, "--resume", ranks=ranks)
            self.expect_trace(self.trace(), lines)
            self.succeeds(["verify", self.out])
            shutil.rmtree(self.out)

    def test_another_recipe_does_not_continue(self):
        self.write_models([1.0, 2.0])
        table = {"levels": 9, "seed": 1, "failing": 0.0}
        self.soup(self.recipe(2, table))
        other = self.recipe(2, table, ", accept: '>='")
        self.refuses(support.USAGE, ["soup", other, self.out, "--resume"], ["another recipe"])
        self.refuses(support.USAGE, ["soup", other, self.out], ["--overwrite"])
        self.soup(other, "--overwrite")

    def test_merge_names_soup(self):
        self.write_models([1.0, 2.0])
        recipe = self.recipe(2, {})
        self.refuses(support.USAGE, ["merge", recipe, self.out], ["stockpot soup"])

    def test_a_recipe_without_a_search_is_refused(self):
        self.write_models([1.0, 2.0])
        recipe = self.write_recipe(support.linear_recipe(self.scratch / "m0", self.scratch / "m1"))
        self.refuses(support.USAGE, ["soup", recipe, self.out], ["search", "evaluate"])

    def test_other_methods_are_searched_over_their_parameters(self):
        self.write_models([1.0, 2.0, 4.0])
        table = {"levels": 1000, "seed": 5, "failing": 0.0}
        (self.scratch / "table.json").write_text(json.dumps(table))
        words = json.dumps([sys.executable, str(EVALUATOR), str(self.scratch)])
        recipe = self.write_recipe(
            f"merge_method: task_arithmetic\nbase_model: {self.scratch}/m0\n"
            f"models:\n  - model: {self.scratch}/m1\n    parameters: {{weight: 1}}\n"
            f"  - model: {self.scratch}/m2\n    parameters: {{weight: 1}}\n"
            "search: {strategy: grid, space: {lambda: [0, 0.5, 1], weight@1: [0.25, 1]}}\n"
            f"evaluate: {{command: {words}, workers: 2, scratch: {json.dumps(str(self.memory))}}}\n"
        )
        expected, best = [], None
        for scale in (0.0, 0.5, 1.0):
            for weight in (0.25, 1.0):
                score = scorer(table)(1.0 + scale * (1.0 * (2.0 - 1.0) + weight * (4.0 - 1.0)))
                expected.append(({"lambda": scale, "weight@1": weight}, score))
                if best is None or score > best[1]:
                    best = expected[-1]
        for ranks in support.rank_counts(None, 2):
            self.soup(recipe, ranks=ranks)
            self.assertEqual([(line["parameters"], line["score"]) for line in self.trace()], expected)
            merged = 1.0 + best[0]["lambda"] * (1.0 + best[0]["weight@1"] * 3.0)
            self.assertIn(support.f32(merged), (self.out / "model.safetensors").read_bytes())
            self.succeeds(["verify", self.out])
            shutil.rmtree(self.out)

    def test_a_model_that_diverged_is_out(self):
        """NaN in one ingredient, in two tensors: the others make the soup, on any number of ranks."""
        self.write_models([1.0, math.nan, 3.0, 2.25])
        tensors = {"a.weight": ("F32", [1], support.f32(math.nan)), "b.weight": ("F32", [3], support.f32(1, math.inf, 3))}
        shutil.rmtree(self.scratch / "m1")
        support.write_model(self.scratch / "m1", tensors)
        values = [1.0, None, 3.0, 2.25]
        scores = [([0], 0.1), ([2], 0.5), ([3], 0.3), ([2, 3], 0.7), ([0, 2, 3], 0.6)]
        table = {"scores": {repr(mean_of(values, soup)): score for soup, score in scores}}
        traces = []
        for ranks in support.rank_counts(None, 3):
            shutil.rmtree(self.out, ignore_errors=True)
            result = self.soup(self.recipe(4, table), ranks=ranks)
            self.assertIn("m1", result.err)
            self.assertIn("NaN or infinite", result.err)
            traces.append(self.timeless(self.trace()))
        self.assertEqual(traces, traces[:1] * len(traces))
        failed = traces[0][1]
        self.assertEqual((failed["ingredients"], failed["decision"], failed["score"]), ([1], "failed", None))
        self.assertEqual(failed["reason"], "output: no candidate: its values can't be merged")
        self.assertEqual([line["ingredients"] for line in traces[0] if line["decision"] == "accepted"], [[2, 3]])
        recipe = self.recipe(4, table, evaluate=", on_failure: error")
        self.refuses(support.INPUT, ["soup", recipe, self.scratch / "other", "--progress", "none"], ["can't be merged"])

    def test_parameters_that_a_method_refuses_are_out(self):
        self.write_models([1.0, 2.0])
        (self.scratch / "table.json").write_text(json.dumps({"levels": 10, "seed": 5, "failing": 0.0}))
        words = json.dumps([sys.executable, str(EVALUATOR), str(self.scratch)])
        recipe = self.write_recipe(
            f"merge_method: linear\nmodels:\n  - model: {self.scratch}/m0\n  - model: {self.scratch}/m1\n"
            "search: {strategy: grid, space: {weight@0: [0, 1], weight@1: [0, 1]}}\n"
            f"evaluate: {{command: {words}, scratch: {json.dumps(str(self.memory))}}}\n"
        )
        for ranks in support.rank_counts(None, 2):
            self.soup(recipe, ranks=ranks)
            first, *others = self.trace()
            self.assertEqual((first["decision"], first["score"]), ("failed", None))
            self.assertIn("sum to zero", first["reason"])
            self.assertEqual([line["score"] is None for line in others], [False] * 3)
            shutil.rmtree(self.out)


def scorer(table):
    """The evaluator's own function of the element, in this process."""
    return lambda value: soup_evaluator.score(table, value)


if __name__ == "__main__":
    support.main()
