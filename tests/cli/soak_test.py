"""Random kills: whatever dies, and whenever, the job continues on other ranks, grids, threads, memory and vector
widths to the same bytes. `soak_test.py STOCKPOT MPIEXEC` kills a few times; STOCKPOT_SOAK_KILLS and STOCKPOT_SOAK_SEED ask
for more, and for other ones."""

import dataclasses
import os
import pathlib
import random
import signal
import time

import support
from support import STOPPED

KILLS = int(os.environ.get("STOCKPOT_SOAK_KILLS", "16"))
SEED = int(os.environ.get("STOCKPOT_SOAK_SEED", "1"))

# One byte a read: slow enough for a kill to find the merge under way.
SLOW = {"STOCKPOT_FAULT": "read:short"}

RECIPES = {
    "linear": "parameters: {weight: 0.5}",
    "task_arithmetic": "base_model: BASE\nparameters: {weight: 0.5}",
    "model_stock": "base_model: BASE",
    "ties": "base_model: BASE\nscope: model\nparameters: {weight: 0.5, density: 0.3}",
    "dare_ties": "base_model: BASE\nparameters: {weight: 0.5, density: 0.6}",
    "sce": "base_model: BASE\nparameters: {select_topk: 0.4}",
}


@dataclasses.dataclass
class Machine:
    """How one run of a job is started."""

    ranks: int | None
    options: list
    env: dict

    @staticmethod
    def choose(generator):
        ranks = generator.choice(support.rank_counts(None, 2, 3, 4))
        options = ["--threads", generator.choice([1, 2]), "--memory", generator.choice(["80MiB", "128MiB", "1GiB"])]
        if ranks in (2, 4) and generator.random() < 0.5:
            options += ["--grid", generator.choice({2: ["1x2", "2x1"], 4: ["2x2", "4x1"]}[ranks])]
        return Machine(ranks, options, generator.choice([{}, {"STOCKPOT_SIMD": "scalar"}]))


def catches(pid, number):
    """False in the moment between the start of a process and its main()."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return int(caught.split()[1], 16) >> (number - 1) & 1 == 1


class Soak(support.Case):
    def setUp(self):
        super().setUp()
        for seed in (1, 2, 3):
            support.write_model(
                self.scratch / f"model-{seed}", support.llama_like(seed, layers=4, hidden=96, inner=160), shards=3
            )
        self.generator = random.Random(SEED)
        self.longest = 0.0

    def prepare(self, method):
        models = "\n".join(f"  - model: {self.scratch}/model-{seed}" for seed in (2, 3))
        settings = RECIPES[method].replace("BASE", f"{self.scratch}/model-1")
        recipe = self.write_recipe(f"merge_method: {method}\ndtype: float32\n{settings}\nmodels:\n{models}\n")
        support.shutil.rmtree(self.scratch / "reference", ignore_errors=True)
        self.merges(recipe, out=self.scratch / "reference")
        return recipe, support.digests(self.scratch / "reference")

    def arguments(self, recipe, machine):
        durability = self.generator.choice(["fsync", "none"])
        options = ["--progress", "none", "--durability", durability, "--resume", *machine.options]
        return ["merge", recipe, self.out, *options]

    def kill_once(self, recipe):
        """Starts the job anywhere and kills or stops one of its ranks, at once or later; true if it was hit in time."""
        machine = Machine.choose(self.generator)
        if self.generator.random() < 0.3:
            operation, most = self.generator.choice([("write", 40), ("sync", 8), ("rename", 2), ("agree", 18)])
            rank = self.generator.randrange(machine.ranks or 1)
            fault = f"{operation}:kill:nth={self.generator.randint(1, most)}:rank={rank}"
            result = support.run(self.arguments(recipe, machine), machine.ranks, {**machine.env, "STOCKPOT_FAULT": fault})
            return result.code != 0
        process = support.start(self.arguments(recipe, machine), machine.ranks, {**machine.env, **SLOW})
        time.sleep(self.generator.uniform(0.1, 1.2))
        pids = support.ranks_of(str(self.out))
        pids = [pid for pid in pids if pid != process.pid or machine.ranks is None]
        number = self.generator.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGUSR1])
        if pids:
            try:
                pid = self.generator.choice(pids)
                if not catches(pid, number):
                    number = signal.SIGKILL
                os.kill(pid, number)
            except OSError:  # it has just ended
                pids = []
        begin = time.monotonic()
        result = support.finish(process)
        if not pids or result.code == 0:
            return False
        self.longest = max(self.longest, time.monotonic() - begin)
        self.assertLess(time.monotonic() - begin, support.SECONDS_TO_FAIL, f"{machine}: {result.err}")
        if number == signal.SIGUSR1:
            self.assertEqual(result.code, STOPPED, result.err)
        return True

    def test_random_kills(self):
        kills, jobs = 0, 0
        while kills < KILLS:
            method = self.generator.choice(sorted(RECIPES))
            recipe, expected = self.prepare(method)
            for _ in range(self.generator.randint(1, 4)):
                kills += self.kill_once(recipe)
                if self.out.exists():
                    self.assertEqual(support.digests(self.out), expected, "what stands is whole")
            machine = Machine.choose(self.generator)
            with self.subTest(seed=SEED, job=jobs, method=method, machine=machine):
                self.succeeds(self.arguments(recipe, machine), machine.ranks, env=machine.env)
                self.assertEqual(support.digests(self.out), expected)
                leftovers = [path.name for path in self.scratch.iterdir() if path.name.startswith(".out")]
                self.assertEqual(leftovers, [])
            support.shutil.rmtree(self.out)
            jobs += 1
        print(f"{kills} kills of {jobs} jobs; the longest end of a killed job took {self.longest:.1f} s")


if __name__ == "__main__":
    support.main()
