"""The scripts of jobs/ on a real Slurm: what they make, and how they fail."""

import os
import re
import signal
import time

import slurm_case
import support
from support import COMMUNICATION, INPUT, SYSTEM_IO, USAGE


class Jobs(slurm_case.SlurmCase):
    def test_merge_on_two_nodes(self):
        for launcher in ("srun --mpi=pmix", "mpirun"):
            with self.subTest(launcher=launcher):
                out = self.scratch / f"out-{launcher[:4]}"
                self.completes(self.submit("merge.sbatch", self.recipe, out, STOCKPOT_LAUNCHER=launcher), out=out)
                run = support.json.loads((out / "stockpot_run.json").read_text())
                self.assertEqual(run["ranks"], 4)

    def test_environment_file_of_the_folder(self):
        """environment.sh is found without being named, and prepares the folder of the output."""
        (self.scratch / "environment.sh").write_text('stockpot_prepare() { mkdir -p "$1" && touch "$1/prepared"; }\n')
        out = self.scratch / "deep" / "out"
        self.completes(self.submit("merge.sbatch", self.recipe, out, nodes=1), out=out)
        self.assertTrue((out.parent / "prepared").exists())

    def test_options_go_to_the_merge(self):
        job = self.submit("merge.sbatch", self.recipe, self.out, "--shard-size", "1MB")
        self.wait_for_state(job, "COMPLETED", 30)
        self.assertGreater(len(list(self.out.glob("model-*.safetensors"))), 2)

    def test_array_of_recipes(self):
        recipes, expected = [], {}
        for name, models in (("both", (1, 2)), ("swapped", (2, 1)), ("one", (2,))):
            recipe = self.write_recipe(
                support.linear_recipe(*(self.shared / f"model-{seed}" for seed in models)), f"{name}.yml"
            )
            recipes.append(recipe)
            expected[name] = self.merged_here(recipe)
        job = self.submit(
            "merge_array.sbatch", self.out, *recipes, "--", "--threads", 1, nodes=1, options=["--array=1-3"]
        )
        self.wait_for_state(job, "COMPLETED", 40)
        self.assertEqual({path.name: support.digests(path) for path in self.out.iterdir()}, expected)
        self.assertEqual(self.log().count("all as the manifest says"), 3)

    def test_array_task_without_a_recipe(self):
        job = self.submit("merge_array.sbatch", self.out, self.recipe, nodes=1, options=["--array=2"])
        self.fails(job, USAGE)
        self.assertIn("task 2 has no recipe: there are 1", self.log())

    def test_scaling(self):
        job = self.submit("scaling.sbatch", self.recipe, self.scratch, "--threads", 1, STOCKPOT_REPEATS="2")
        self.wait_for_state(job, "COMPLETED", 60)
        rows = [re.fullmatch(r" +([124]) +([0-9.]+) +([0-9.]+) +([0-9.]+) +([0-9]+)%", line)
                for line in self.log().splitlines()]
        rows = [row for row in rows if row]
        self.assertEqual([row[1] for row in rows], ["1", "2", "4"], self.log())
        self.assertEqual((rows[0][4], rows[0][5]), ("1.00", "100"))
        self.assertTrue(all(float(row[2]) > 0 for row in rows))
        self.assertEqual(list(self.scratch.glob("scaling-*")), [])

    def test_scripts_that_queue_themselves_again_agree(self):
        """Slurm copies a script before it runs it, so each one holds all that it needs."""
        ends = set()
        for script in ("resume_loop.sbatch", "merge_array.sbatch", "soup.sbatch", "soup_array.sbatch"):
            text = (slurm_case.jobs / script).read_text()
            ends.add(re.sub(r"\b(merge|soup|search)\b", "run", text[text.index("# Each signal to this shell") :]))
        self.assertEqual(len(ends), 1)

    def test_missing_arguments(self):
        scripts = ("merge.sbatch", "resume_loop.sbatch", "merge_array.sbatch", "scaling.sbatch")
        for job in [self.submit(script, self.recipe, nodes=1) for script in scripts]:
            self.fails(job, USAGE)
        self.assertEqual(self.log().count("usage: sbatch"), 4)


class Failures(slurm_case.SlurmCase):
    def ends_with(self, code, words, recipe=None, **environment):
        """All ranks end within seconds, and one line says why."""
        begin = time.monotonic()
        job = self.submit("merge.sbatch", recipe or self.recipe, self.out, **environment)
        self.fails(job, code)
        self.assertLess(time.monotonic() - begin, 2 * support.SECONDS_TO_FAIL)
        lines = [line for line in self.log().splitlines() if line.startswith("stockpot: ")]
        self.assertEqual(len(lines), 1, self.log())
        for word in words:
            self.assertIn(word, lines[0])
        self.assertEqual(support.ranks_of(self.out), [])

    def test_bad_input_on_one_rank(self):
        tensors = self.tensors(2)
        name = "model.layers.5.mlp.up_proj.weight"
        dtype, shape, data = tensors[name]
        tensors[name] = (dtype, shape, data[:2000] + b"\xc0\x7f" + data[2002:])  # one NaN
        bad = support.write_model(self.scratch / "bad", tensors)
        recipe = self.write_recipe(support.linear_recipe(self.shared / "model-1", bad))
        self.ends_with(INPUT, [name, "NaN"], recipe)

    def test_failing_read_on_one_rank(self):
        self.ends_with(SYSTEM_IO, ["rank 2", "Input/output error"], STOCKPOT_FAULT="read:eio:nth=3:rank=2")

    def test_full_disk_on_one_rank(self):
        self.ends_with(SYSTEM_IO, ["rank 3", "No space left"], STOCKPOT_FAULT="write:enospc:bytes=100000:rank=3")

    def test_killed_rank(self):
        """Slurm ends the others; what is submitted again continues."""
        job = self.submit("merge.sbatch", self.recipe, self.out, STOCKPOT_FAULT="read:kill:nth=3:rank=2")
        self.fails(job, 128 + 9)
        self.assertEqual(support.ranks_of(self.out), [])
        self.completes(self.submit("merge.sbatch", self.recipe, self.out))

    def test_launcher_that_does_not_fit(self):
        """Ranks that can't find one another never merge on their own."""
        self.ends_with(COMMUNICATION, ["4 ranks", "srun --mpi=pmix"], STOCKPOT_LAUNCHER="srun --mpi=none")
        self.assertFalse(self.partial().exists())

    def test_two_jobs_with_one_output(self):
        """The second one watches the first one's heartbeat, then refuses; the first stands still but for its beat."""
        first = self.submit("merge.sbatch", self.recipe, self.out, nodes=1, **self.slow_at_first())
        self.wait_for_work(first)
        held = support.ranks_of(self.out)
        for process in held:
            os.kill(process, signal.SIGSTOP)
        second = self.submit("merge.sbatch", self.recipe, self.out, nodes=1)
        self.slurm.wait_for(lambda: len(support.ranks_of(self.out)) == 2 * len(held), 30, "second job")
        time.sleep(1.0)
        os.utime(self.partial() / "lock")
        self.wait_for_state(second, "FAILED", 30)
        self.assertEqual(self.slurm.job(second)[0]["ExitCode"], f"{USAGE}:0")
        self.assertRegex(self.log(), rf"another job is writing this output: .*job .?{first}")
        for process in held:
            os.kill(process, signal.SIGCONT)
        self.completes(first)


if __name__ == "__main__":
    slurm_case.main()
