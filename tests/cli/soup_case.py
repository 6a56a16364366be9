"""What the tests of `stockpot soup` share: models of a few elements, the program's own evaluator, the trace."""

import json
import pathlib

import support

EVALUATOR = pathlib.Path(__file__).with_name("soup_evaluator.py")


class SoupCase(support.Case):
    def setUp(self):
        super().setUp()
        self.memory = self.scratch / "shm"
        self.memory.mkdir()

    def write_models(self, values):
        for number, value in enumerate(values):
            tensors = {"a.weight": ("F32", [1], support.f32(value)), "b.weight": ("F32", [3], support.f32(1, 2, 3))}
            support.write_model(self.scratch / f"m{number}", tensors)

    def soup(self, recipe, *options, out=None, ranks=None, **how):
        arguments = ["soup", recipe, out or self.out, "--durability", "none", "--progress", "none", *options]
        return self.succeeds(arguments, ranks, **how)

    def trace(self, out=None):
        return [json.loads(line) for line in (pathlib.Path(out or self.out) / "soup_trace.jsonl").read_text().splitlines()]

    @staticmethod
    def timeless(trace):
        return [{key: value for key, value in line.items() if key not in ("seconds", "worker")} for line in trace]

    def started(self):
        """How often the evaluator was started, or asked."""
        log = self.scratch / "asked.log"
        return log.read_text().split() if log.exists() else []

    def nothing_is_left(self):
        self.assertEqual(list(self.memory.iterdir()), [])
