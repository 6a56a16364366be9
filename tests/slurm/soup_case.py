"""What the tests of searches on a real Slurm share: recipes with an evaluator, and what one process makes of them."""

import json
import pathlib
import sys

import slurm_case
import support

PROGRAM = pathlib.Path(__file__).with_name("soup_program.py")
VALUES = (1.0, 3.5, 2.25, 0.5, 3.0, 1.75)


class SoupCase(slurm_case.SlurmCase):
    """Searches over small models whose one interesting element is one of VALUES."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.memory = cls.shared / "memory"
        cls.memory.mkdir()
        for number, value in enumerate(VALUES):
            tensors = {"a.weight": ("F32", [1], support.f32(value)), "b.weight": ("F32", [3], support.f32(1, 2, 3))}
            support.write_model(cls.shared / f"ingredient-{number}", tensors)

    def search(self, name, evaluate="workers: 4", head="merge_method: greedy_soup", first=0, **table):
        """Path of a recipe whose evaluator's folder is named like it."""
        folder = self.scratch / name
        folder.mkdir()
        (folder / "table.json").write_text(json.dumps({"levels": 50, "seed": 4, "failing": 0.0, **table}))
        models = "".join(f"  - {{model: {self.shared}/ingredient-{n}}}\n" for n in range(first, len(VALUES)))
        words = json.dumps([sys.executable, str(PROGRAM), str(folder)])
        return self.write_recipe(
            f"{head}\nmodels:\n{models}evaluate: {{command: {words}, scratch: {self.memory}, {evaluate}}}\n",
            f"{name}.yml",
        )

    def folder_of(self, recipe):
        return self.scratch / recipe.stem

    def found_here(self, recipe):
        """What one process makes of a recipe."""
        out = self.scratch / f"{recipe.stem}-here"
        self.succeeds(["soup", recipe, out, "--progress", "none"])
        return self.found(out)

    @staticmethod
    def trace(folder):
        path = folder / "soup_trace.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def found(self, out):
        """The trace but for what may differ, and digests of what was written but for logs."""
        trace = [
            {key: value for key, value in line.items() if key not in ("seconds", "worker")} for line in self.trace(out)
        ]
        written = support.digests(out, ("stockpot_run.json", "soup_trace.jsonl"))
        return trace, {name: digest for name, digest in written.items() if not name.startswith("evaluator_logs/")}

    def asked(self, recipe, job):
        """(candidate, node) for each time that a job has asked the evaluator."""
        path = self.folder_of(recipe) / "asked.log"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(int(candidate), node) for candidate, by, node in lines if by == str(job)]

    def number_of(self, job):
        """What a job, or a task of an array, calls itself."""
        return self.slurm.job(job)[0]["JobId"]

    def ends_as(self, expected, job, out, seconds=40):
        self.wait_for_state(job, "COMPLETED", seconds)
        self.assertEqual(self.found(out), expected, self.log())
        self.assertFalse(self.partial(out).exists())
        self.assertIn("all as the manifest says", self.log())

    def nothing_is_left(self):
        self.assertEqual([path.name for path in self.memory.iterdir()], [])

    def wait_until_held(self, recipe, job, out, hold):
        """Until a job has done what it can before its restart: both evaluators wait."""

        def held():
            self.assertIn(self.slurm.state(job), ("PENDING", "CONFIGURING", "RUNNING"), self.log())
            asked = [candidate for candidate, _ in self.asked(recipe, self.number_of(job))]
            return sorted(asked)[hold:] == [hold, hold + 1] and len(self.trace(self.partial(out))) == hold

        self.slurm.wait_for(held, 40, f"search of job {job}")

    def continued(self, recipe, job, hold, restarts="1"):
        """It was restarted, and nothing that counted was evaluated again."""
        self.assertEqual(self.slurm.job(job)[0]["Restarts"], restarts, self.log())
        asked = [candidate for candidate, _ in self.asked(recipe, self.number_of(job))]
        self.assertEqual(sorted(candidate for candidate in asked if candidate < hold), list(range(hold)))
        self.assertGreater(asked.count(hold), 1)
