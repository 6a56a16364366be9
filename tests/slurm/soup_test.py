"""Searches for soups by the scripts of jobs/: over two nodes, as an array, with evaluators that start programs or hang,
and how they fail."""

import pathlib

import slurm_case
import soup_case
import support
from support import INPUT, USAGE

LAUNCHERS = ("srun --mpi=pmix", "mpirun")
PRUNED = "merge_method: uniform_soup\nsearch: {strategy: subset, budget: 12}"
GRID = (
    "merge_method: task_arithmetic\nparameters: {weight: 0.5}\n"
    "search: {strategy: grid, space: {lambda: [0, 0.5, 1]}}\nbase_model: "
)


class Soups(soup_case.SoupCase):
    def test_search_on_two_nodes(self):
        recipe = self.search("two", seconds=0.3)
        expected = self.found_here(recipe)
        jobs = {}
        for launcher in LAUNCHERS:
            out = self.scratch / f"out-{launcher[:4]}"
            jobs[self.submit("soup.sbatch", recipe, out, STOCKPOT_LAUNCHER=launcher)] = out
        for job, out in jobs.items():
            with self.subTest(out=out.name):
                self.ends_as(expected, job, out)
                run = support.json.loads((out / "stockpot_run.json").read_text())
                self.assertEqual(run["ranks"], 4)
                self.assertEqual(len({node for _, node in self.asked(recipe, job)}), 2)
        self.nothing_is_left()

    def test_array_of_searches(self):
        """Each as its own, and which is best as soon as all have ended."""
        recipes = [
            self.search("greedy"),
            self.search("pruned", head=PRUNED),
            self.search("grid", head=f"{GRID}{self.shared}/ingredient-0", first=1),
        ]
        expected = {recipe.stem: self.found_here(recipe) for recipe in recipes}
        folder = self.scratch / "soups"
        job = self.submit("soup_array.sbatch", folder, *recipes, "--", "--threads", 1, nodes=1, options=["--array=1-3"])
        best_first = self.submit(
            "soup_scores.sbatch", folder, nodes=1, ranks_per_node=1, options=[f"--dependency=afterok:{job}"]
        )
        self.wait_for_state(best_first, "COMPLETED", 60)
        self.assertEqual({path.name: self.found(path) for path in folder.iterdir()}, expected)
        self.assertEqual(self.log().count("all as the manifest says"), 3)
        rows = [line.split() for line in self.log().splitlines()]
        rows = [row for row in rows if row[3:4] == ["written"]]
        traces = {name: found[0] for name, found in expected.items()}
        best = sorted(traces, key=lambda name: -traces[name][-1]["best"])
        self.assertEqual([float(row[0]) for row in rows], [traces[name][-1]["best"] for name in best], self.log())
        self.assertEqual(
            sorted(row[1:] for row in rows),
            sorted(["-", str(len(traces[name])), "written", str(folder / name)] for name in expected),
        )

    def test_evaluators_that_start_programs(self):
        """Programs, MPI programs and steps of the job: none is taken for a part of the search."""
        recipe = self.search("starting", "workers: 2, on_failure: error", first=4, stockpot=str(support.stockpot))
        expected = self.found_here(recipe)
        jobs = {}
        for launcher in LAUNCHERS:
            out = self.scratch / f"out-{launcher[:4]}"
            jobs[self.submit("soup.sbatch", recipe, out, ranks_per_node=1, STOCKPOT_LAUNCHER=launcher)] = out
        for job, out in jobs.items():
            with self.subTest(out=out.name):
                self.ends_as(expected, job, out)

    def test_evaluators_that_hang(self):
        """Killed with their children, on whatever node they are."""
        recipe = self.search("hanging", "workers: 2, timeout: 3, retries: 0", hang=[0, 1], first=3)
        job = self.submit("soup.sbatch", recipe, self.out, ranks_per_node=1)
        self.wait_for_state(job, "COMPLETED", 40)
        trace = self.trace(self.out)
        reasons = [line["reason"].partition(":")[0] for line in trace]
        self.assertEqual(reasons, ["timeout", "timeout", "scored alone"], self.log())
        self.assertEqual(len({node for candidate, node in self.asked(recipe, job) if candidate < 2}), 2)
        processes = (self.folder_of(recipe) / "hanging.log").read_text().split()
        self.assertEqual(len(processes), 4)
        for process in processes:
            self.assertFalse(self.is_alive(process), process)
        self.nothing_is_left()

    @staticmethod
    def is_alive(process):
        try:
            state = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
        except OSError:
            return False
        return state not in "ZX"

    def test_failures(self):
        """One line says why; nothing is published."""
        failing = self.search("failing", "workers: 4, retries: 0, on_failure: error", fail=[2])
        jobs = {
            self.submit("soup.sbatch", self.scratch / "missing.yml", self.out): (USAGE, "missing.yml"),
            self.submit("soup.sbatch", failing, self.out): (INPUT, "exit 7"),
            self.submit("soup.sbatch", failing, nodes=1): (USAGE, "usage: sbatch soup.sbatch"),
            self.submit("soup_array.sbatch", self.out, nodes=1, options=["--array=1"]): (USAGE, "sbatch --array"),
            self.submit("soup_scores.sbatch", self.shared, nodes=1): (INPUT, "no search has left a trace"),
        }
        for job, (code, words) in jobs.items():
            with self.subTest(words=words):
                self.fails(job, code, 15)
                said = "".join(path.read_text() for path in self.scratch.glob(f"*-{job}*.out"))
                self.assertEqual(said.count(words), 1, said)
        self.nothing_is_left()


if __name__ == "__main__":
    slurm_case.main()
