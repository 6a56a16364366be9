"""Jobs that are stopped by a signal, by the time limit or by their user, and what comes after."""

import time

import slurm_case
import support
from support import STOPPED

CHECK_SECONDS = 30  # how often the controller looks for jobs near their limit, from its start on


class Requeue(slurm_case.SlurmCase):
    def test_stopped_by_a_signal(self):
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
        self.assertEqual(self.log().count("stopped on request; --resume continues"), 3, self.log())

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

    def test_time_limit(self):
        """Of two jobs that get USR1 before their limit, one queues itself again and one leaves that to its user."""
        # Enough to be at work whenever the controller looks.
        models = [
            support.write_model(self.scratch / f"model-{seed}", support.llama_like(seed, 8, 640, 1600))
            for seed in (1, 2)
        ]
        recipe = self.write_recipe(support.linear_recipe(*models), "large.yml")
        expected = self.merged_here(recipe)
        age = time.monotonic() - self.slurm.started
        time.sleep((-age - 10.0) % CHECK_SECONDS)
        started = {}
        for script, sign in (("resume_loop.sbatch", "B:USR1@60"), ("merge.sbatch", "USR1@60")):
            started[script] = self.submit(
                script,
                recipe,
                self.scratch / script,
                ranks_per_node=1,
                options=["--time=1", f"--signal={sign}"],
                **self.slow_at_first(),
            )
        for script, job in started.items():
            self.wait_for_work(job, self.scratch / script)
        loop, single = started.values()
        self.wait_for_state(single, "FAILED", 2 * CHECK_SECONDS)
        self.assertEqual(self.slurm.job(single)[0]["ExitCode"], f"{STOPPED}:0", self.log())
        again = self.submit("merge.sbatch", recipe, self.scratch / "merge.sbatch")
        self.completes(again, out=self.scratch / "merge.sbatch", expected=expected)
        self.completes(loop, out=self.scratch / "resume_loop.sbatch", expected=expected)
        self.assertEqual(self.slurm.job(loop)[0]["Restarts"], "1")
        for script in started:
            self.assertTrue(self.was_resumed(self.scratch / script))


if __name__ == "__main__":
    slurm_case.main()
