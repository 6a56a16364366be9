"""Merges that last long enough to be stopped: reads of one byte at a time make them slow."""

import support

SLOW = {"STOCKPOT_FAULT": "read:short"}
OPTIONS = ["--progress", "none", "--durability", "none", "--threads", 1]


class StoppingCase(support.Case):
    """Two models, their merge, and merges of them that can be caught under way."""

    def setUp(self):
        super().setUp()
        folders = [
            support.write_model(
                self.scratch / f"model-{seed}", support.llama_like(seed, layers=6, hidden=160, inner=400), shards=3
            )
            for seed in (1, 2)
        ]
        self.recipe = self.write_recipe(support.linear_recipe(*folders))
        self.merges(self.recipe, out=self.scratch / "reference")
        self.expected = support.digests(self.scratch / "reference")

    def start_slowly(self, ranks=None, *options, env=None):
        arguments = ["merge", self.recipe, self.out, *OPTIONS, *options]
        return support.start(arguments, ranks, {**SLOW, **(env or {})})

    def resumes(self, ranks=None, env=None):
        """At once, also over a dead job's lock, and to the same bytes."""
        result = self.succeeds(["merge", self.recipe, self.out, *OPTIONS, "--resume"], ranks, env=env)
        self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
        self.assertEqual(support.digests(self.out), self.expected)
        return result
