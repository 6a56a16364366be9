"""A rank that fails or dies at any point where the ranks agree: one message, the documented exit code, no hang, and
the next run continues to the same bytes."""

import itertools

import support
from support import SYSTEM_IO

MOST_POINTS = 60
OPTIONS = ["--progress", "none", "--durability", "none", "--threads", 1, "--resume"]
RECIPES = {
    "task_arithmetic": "parameters: {weight: 0.5}",
    "model_stock": "scope: model",
}


class AgreementFaults(support.Case):
    def setUp(self):
        super().setUp()
        for seed in (1, 2, 3):
            support.write_model(
                self.scratch / f"model-{seed}",
                support.llama_like(seed, layers=2, hidden=32, inner=48, vocabulary=64),
                shards=2,
            )

    def prepare(self, method):
        models = "\n".join(f"  - model: {self.scratch}/model-{seed}" for seed in (2, 3))
        recipe = self.write_recipe(
            f"merge_method: {method}\nbase_model: {self.scratch}/model-1\ndtype: float32\n"
            f"{RECIPES[method]}\nmodels:\n{models}\n"
        )
        support.shutil.rmtree(self.scratch / "reference", ignore_errors=True)
        self.merges(recipe, out=self.scratch / "reference")
        return recipe, support.digests(self.scratch / "reference")

    def at_every_point(self, action, method, ranks, rank, options, check):
        """Fails the first point, then the second in a run that continues, ..., until a run reaches no more points."""
        recipe, expected = self.prepare(method)
        for nth in itertools.count(1):
            self.assertLess(nth, MOST_POINTS, "no end of points")
            result = support.run(
                ["merge", recipe, self.out, *OPTIONS, *options],
                ranks,
                env={"STOCKPOT_FAULT": f"agree:{action}:nth={nth}:rank={rank}"},
            )
            if result.code == 0:
                break
            with self.subTest(f"{method}, {action} at point {nth} of rank {rank} of {ranks}"):
                self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
                check(result, rank)
        self.assertGreater(nth, 5, "few points were reached")
        self.succeeds(["merge", recipe, self.out, *OPTIONS, *options], ranks)
        self.assertEqual(support.digests(self.out), expected)
        support.shutil.rmtree(self.out)

    def check_error(self, result, rank):
        self.assertEqual(result.code, SYSTEM_IO, result.err)
        self.assertEqual(len(result.failures), 1, result.err)
        self.assertIn(f"rank {rank}: ", result.failures[0])

    def check_death(self, result, rank):
        self.assertNotEqual(result.code, 0)
        self.assertEqual(result.failures, [], "the dead say nothing, and no one blames another rank")

    def test_a_rank_fails(self):
        for rank in (0, 2):
            self.at_every_point("eio", "task_arithmetic", 3, rank, [], self.check_error)

    def test_a_rank_fails_on_a_grid(self):
        self.at_every_point("eio", "model_stock", 4, 3, ["--grid", "2x2"], self.check_error)

    def test_a_rank_dies(self):
        self.at_every_point("kill", "model_stock", 2, 1, [], self.check_death)


if __name__ == "__main__":
    support.main()
