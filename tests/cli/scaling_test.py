"""What `plan` says a job will move is what it moves: bytes of every rank on several grids, and how evenly they lie.

`scaling_test.py STOCKPOT MPIEXEC --table` prints the comparison as the table of docs/scaling.md.
"""

import json
import random
import sys

import support
from support import USAGE

GRIDS = ["1x1", "2x1", "1x2", "3x1", "1x3", "4x1", "2x2", "1x4"]
METHODS = {
    "mean": "merge_method: uniform_soup\n",
    "TIES of the model": "merge_method: ties\nscope: model\nbase_model: {0}\nparameters: {{weight: 0.5, density: 0.3}}\n",
    "Model Stock": "merge_method: model_stock\nbase_model: {0}\n",
}
# Where many elements have the very magnitude of the threshold, finding the first of them takes a few more leaves.
SELECTIONS = {"TIES of the model"}
MEGABYTE = 1e6


def write_models(folder):
    """Four models of 21 MB whose largest tensor takes several units of work."""
    paths = []
    for number in range(4):
        tensors = support.llama_like(number, layers=6, hidden=256, inner=1024)
        generator = random.Random(number)
        for layer in range(6):
            tensors[f"model.layers.{layer}.mlp.gate_proj.weight"] = (
                "BF16",
                [1024, 256],
                support.random_bf16(generator, 1024 * 256),
            )
        tensors["model.embed_tokens.weight"] = ("BF16", [19001, 256], support.random_bf16(generator, 19001 * 256))
        paths.append(support.write_model(folder / f"m{number}", tensors, shards=2))
    return paths


def recipe_of(method, paths):
    models = ", ".join(f"{{model: {path}}}" for path in (paths if method == "mean" else paths[1:]))
    return METHODS[method].format(paths[0]) + f"models: [{models}]\n"


def row_imbalance(document):
    """Bytes read and written by the busiest row of the grid, over the mean, minus 1."""
    rows, columns = document["grid"]
    loads = [0] * rows
    for rank in document["per_rank"]:
        loads[rank["rank"] // columns] += rank["bytes"]["read"] + rank["bytes"]["written"]
    return max(loads) * rows / sum(loads) - 1


class Measured(support.Case):
    """Plans and runs merges of the same models."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.new_scratch()
        cls.addClassCleanup(support.shutil.rmtree, cls.folder)
        cls.models = write_models(cls.folder)

    def plan_and_run(self, method, grid):
        """What `plan` says, and what the run file says."""
        recipe = self.write_recipe(recipe_of(method, self.models))
        ranks = ranks_of_grid(grid)
        options = ["--grid", grid, "--threads", 1]
        plan = json.loads(self.succeeds(["plan", recipe, "--json", "--ranks", ranks, *options]).out)
        self.merges(recipe, *options, "--overwrite", ranks=ranks if ranks > 1 else None)
        return plan, json.loads((self.out / "stockpot_run.json").read_text())


class Forecast(Measured):
    def test_every_rank_moves_what_the_plan_says(self):
        for method in METHODS:
            for grid in GRIDS if support.mpiexec else GRIDS[:1]:
                with self.subTest(method=method, grid=grid):
                    plan, run = self.plan_and_run(method, grid)
                    for planned, measured in zip(plan["per_rank"], run["per_rank"], strict=True):
                        self.compare(planned["bytes"], measured["bytes"], exact=method not in SELECTIONS)
                    # Samples are read too, and no part of the plan's figure.
                    self.assertAlmostEqual(row_imbalance(run), plan["imbalance"], delta=0.02)

    def compare(self, planned, measured, exact):
        self.assertEqual(planned["written"], measured["written"])
        self.assertLessEqual(measured["reduced"], planned["reduced"])
        if exact:
            self.assertEqual(measured["reduced"], planned["reduced"])
        for key in ("read", "exchanged"):
            self.assertGreaterEqual(measured[key], planned[key])
            self.assertLessEqual(measured[key], planned[key] if exact else 1.002 * planned[key], key)

    def test_reductions_are_small_and_their_bound_is_near(self):
        for grid in ("2x1", "1x2") if support.mpiexec else ():
            plan, run = self.plan_and_run("TIES of the model", grid)
            self.assertGreater(run["bytes"]["reduced"], 0)
            self.assertLess(run["bytes"]["reduced"], 0.05 * run["bytes"]["read"])
            self.assertLess(plan["totals"]["bytes"]["reduced"], 3 * run["bytes"]["reduced"])
            plan, run = self.plan_and_run("mean", grid)
            self.assertEqual(run["bytes"]["reduced"], 0)

    def recommended(self, *options):
        recipe = self.write_recipe(recipe_of("mean", self.models))
        return json.loads(self.succeeds(["plan", recipe, "--json", *options]).out)["recommended"]

    def test_the_recommended_grid_follows_the_storage(self):
        shared = self.recommended("--ranks", 16, "--nodes", 4)
        self.assertEqual(shared["grid"], [16, 1])
        local = self.recommended("--ranks", 16, "--nodes", 4, "--storage", "node-local")
        self.assertEqual(local["grid"], [4, 4])
        self.assertEqual(local["copies"], 1)
        self.assertEqual(local["placement"], {"srun": "--distribution=cyclic", "mpirun": "--map-by node"})
        self.assertGreater(local["exchanged"], 0)
        slow = self.recommended("--ranks", 4, "--storage", "shared", "--storage-bandwidth", "1MB/s")
        self.assertEqual(slow["bound"], "shared storage")
        self.assertAlmostEqual(slow["seconds"], slow["busy_seconds"]["storage"])

    def test_without_a_machine_nothing_is_recommended(self):
        recipe = self.write_recipe(recipe_of("mean", self.models))
        self.assertNotIn("recommended", json.loads(self.succeeds(["plan", recipe, "--json"]).out))
        for options, word in (
            (["--nodes", 5, "--ranks", 4], "--nodes"),
            (["--storage", "local"], "--storage"),
            (["--disk-bandwidth", "5GB"], "--disk-bandwidth"),
            (["--nodes", 1, "--node-bandwidth", "fast"], "--node-bandwidth"),
        ):
            with self.subTest(options=options):
                self.refuses(USAGE, ["plan", recipe, *options], [word])


def ranks_of_grid(grid):
    rows, columns = grid.split("x")
    return int(rows) * int(columns)


class Table(Measured):
    """Prints instead of checking."""

    def print_rows(self):
        print("| method | grid | read (MB) | exchanged (MB) | written (MB) | reduced (kB) | imbalance (%) |")
        print("|---|---|---|---|---|---|---|")
        for method in METHODS:
            for grid in GRIDS:
                plan, run = self.plan_and_run(method, grid)
                cells = [
                    f"{plan['totals']['bytes'][key] / MEGABYTE:.3f} / {run['bytes'][key] / MEGABYTE:.3f}"
                    for key in ("read", "exchanged", "written")
                ]
                reduced = [document["bytes"]["reduced"] / 1e3 for document in (plan["totals"], run)]
                cells.append(("<= " if method in SELECTIONS else "") + " / ".join(f"{size:.1f}" for size in reduced))
                cells.append(f"{100 * plan['imbalance']:.2f} / {100 * row_imbalance(run):.2f}")
                print(f"| {method} | {grid} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if "--table" in sys.argv:
        sys.argv = [*sys.argv[: sys.argv.index("--table")], "Table.print_rows"]
    support.main()
