"""Jobs that are stopped by a signal, by the time limit or by their user, and what comes after."""

import subprocess
import time

import slurm_case
import soup_case
import support
from support import STOPPED


class Requeue(soup_case.SoupCase):
    node_count = 6

    def test_jobs_that_must_stop(self):
        """By a signal and at the time limit, of which the controller takes note every half minute: all at once."""
        limited = self.start_towards_limit()
        searched = self.start_search_towards_limit()
        signalled = self.stop_searches_by_signal()
        self.check_stop_by_signal()
        self.check_stop_at_limit(*limited)
        self.check_searches(*signalled, hold=3)
        self.check_searches(*searched, hold=2)

    def check_stop_by_signal(self):
        """By either launcher and as a task of an array, the job is queued by its script, and runs to the same bytes."""
        environment = self.slow_at_first()
        outputs = {}
        for launcher in ("srun --mpi=pmix", "mpirun"):
            out = self.scratch / launcher[:4]
            job = self.submit("resume_loop.sbatch", self.recipe, out, STOCKPOT_LAUNCHER=launcher, **environment)
            outputs[job] = out
        folder = self.scratch / "array"
        job = self.submit("merge_array.sbatch", folder, self.recipe, nodes=1, options=["--array=1"], **environment)
        outputs[f"{job}_1"] = folder / self.recipe.stem
        for job, out in outputs.items():
            self.wait_for_work(job, out)
            self.slurm.command("scancel", "--batch", "--signal=USR1", job)
        for job, out in outputs.items():
            with self.subTest(out=out.name):
                self.completes(job, 60, out=out)
                self.assertEqual(self.slurm.job(job)[0]["Restarts"], "1", self.log())
                self.assertTrue(self.was_resumed(out))
        self.assertGreaterEqual(self.log().count("stopped on request; --resume continues"), 3, self.log())

    def start_towards_limit(self):
        """Recipe and jobs by their scripts. They have work for longer than the controller takes to see that the limit
        is near, at once as it lies no further away than the signal is to come before it."""
        models = [
            support.write_model(self.scratch / f"model-{seed}", support.llama_like(seed, 8, 640, 1600))
            for seed in (1, 2)
        ]
        recipe = self.write_recipe(support.linear_recipe(*models), "large.yml")
        until_next_look = (self.slurm.started - time.monotonic()) % 30
        time.sleep(until_next_look if until_next_look < 8 else 0)
        jobs = {}
        for script, sign in (("resume_loop.sbatch", "B:USR1@60"), ("merge.sbatch", "USR1@60")):
            jobs[script] = self.submit(
                script,
                recipe,
                self.scratch / script,
                ranks_per_node=1,
                options=["--time=1", f"--signal={sign}"],
                **self.slow_at_first(),
            )
            self.wait_for_work(jobs[script], self.scratch / script)
        return recipe, jobs

    def check_stop_at_limit(self, recipe, jobs):
        """One script queues its job again, the other one leaves that to its user."""
        expected = self.merged_here(recipe)
        self.wait_for_state(jobs["merge.sbatch"], "FAILED", 60)
        self.assertEqual(self.slurm.job(jobs["merge.sbatch"])[0]["ExitCode"], f"{STOPPED}:0", self.log())
        again = self.submit("merge.sbatch", recipe, self.scratch / "merge.sbatch")
        self.completes(again, 60, out=self.scratch / "merge.sbatch", expected=expected)
        self.completes(jobs["resume_loop.sbatch"], 60, out=self.scratch / "resume_loop.sbatch", expected=expected)
        self.assertEqual(self.slurm.job(jobs["resume_loop.sbatch"])[0]["Restarts"], "1")
        for script in jobs:
            self.assertTrue(self.was_resumed(self.scratch / script))

    def start_search_towards_limit(self):
        """Recipe, and output of a task of an array that waits for its limit."""
        recipe = self.search("limited", "workers: 2, retries: 0", hold=2)
        out = self.scratch / "soups" / "limited"
        job = self.submit(
            "soup_array.sbatch",
            out.parent,
            recipe,
            nodes=1,
            options=["--time=1", "--signal=B:USR1@60", "--array=1"],
        )
        self.wait_until_held(recipe, f"{job}_1", out, 2)
        self.check_scores_so_far(out)
        return recipe, {f"{job}_1": out}

    def check_scores_so_far(self, out):
        script = slurm_case.jobs / "soup_scores.sbatch"
        table = subprocess.run(["bash", script, out.parent], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in table.splitlines()[1:]]
        self.assertEqual([row[1:] for row in rows], [["-", "2", "unfinished", str(out)]])
        self.assertEqual(float(rows[0][0]), self.trace(self.partial(out))[1]["best"])

    def stop_searches_by_signal(self):
        """Recipe, and outputs of jobs under either launcher."""
        recipe = self.search("signalled", "workers: 2, retries: 0", hold=3)
        outputs = {}
        for launcher in ("srun --mpi=pmix", "mpirun"):
            out = self.scratch / f"soup-{launcher[:4]}"
            job = self.submit("soup.sbatch", recipe, out, ranks_per_node=1, STOCKPOT_LAUNCHER=launcher)
            outputs[job] = out
        for job, out in outputs.items():
            self.wait_until_held(recipe, job, out, 3)
            self.slurm.command("scancel", "--batch", "--signal=USR1", job)
        return recipe, outputs

    def check_searches(self, recipe, outputs, hold):
        """They go on from their traces. Slurm signals an evaluator's program as well, which is no failure of it."""
        expected = self.found_here(recipe)
        for job, out in outputs.items():
            with self.subTest(out=out.name):
                self.ends_as(expected, job, out, 60)
                self.continued(recipe, job, hold)
        self.nothing_is_left()

    def test_no_more_restarts(self):
        job = self.submit(
            "resume_loop.sbatch", self.recipe, self.out, STOCKPOT_RESTARTS="0", **self.slow_at_first()
        )
        self.wait_for_work(job)
        self.slurm.command("scancel", "--batch", "--signal=USR1", job)
        self.wait_for_state(job, "FAILED", 30)
        self.assertEqual(self.slurm.job(job)[0]["ExitCode"], f"{STOPPED}:0", self.log())
        self.completes(self.submit("resume_loop.sbatch", self.recipe, self.out))
        self.assertTrue(self.was_resumed())

    def test_cancelled(self):
        """No rank survives, nothing is published; the same line, submitted again, continues."""
        job = self.submit("resume_loop.sbatch", self.recipe, self.out, **self.slow_at_first())
        self.wait_for_work(job)
        begin = time.monotonic()
        self.slurm.command("scancel", job)
        self.wait_for_state(job, "CANCELLED", 15)
        self.slurm.wait_for(lambda: not support.ranks_of(self.out), 15, "end of the ranks")
        self.assertLess(time.monotonic() - begin, 2 * support.SECONDS_TO_FAIL)
        self.assertFalse(self.out.exists())
        self.completes(self.submit("resume_loop.sbatch", self.recipe, self.out))
        self.assertTrue(self.was_resumed())


if __name__ == "__main__":
    slurm_case.main()
