"""What the tests on a real Slurm share: a cluster for each class of tests, and the scripts of jobs/ submitted to it.

Each script is `NAME_test.py STOCKPOT MPIEXEC JOBS [unittest arguments]`; exit code 77 where there is no Slurm.
"""

import atexit
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

import cluster
import support

SKIPPED = 77
jobs = None


class SlurmCase(support.Case):
    """A cluster of `node_count` nodes, models, and what a merge of them by one process gives."""

    node_count = 3

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="stockpot-slurm-"))
        cls.at_end(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.slurm = cluster.Cluster(cls.shared / "slurm", support.clean_environment(), cls.node_count)
        cls.at_end(cls.slurm.stop)
        cls.slurm.start()
        models = [
            support.write_model(cls.shared / f"model-{seed}", cls.tensors(seed), shards=3) for seed in (1, 2)
        ]
        cls.recipe = cls.shared / "recipe.yml"
        cls.recipe.write_text(support.linear_recipe(*models))
        cls.expected = cls.merged_here(cls.recipe)

    @classmethod
    def at_end(cls, *call, **options):
        """Of the class, or of this process when it is interrupted, which leaves out cleanups."""
        cls.addClassCleanup(*call, **options)
        atexit.register(*call, **options)

    @classmethod
    def tensors(cls, seed):
        return support.llama_like(seed, layers=8, hidden=160, inner=400)

    @classmethod
    def merged_here(cls, recipe):
        """Digests of what one process makes of a recipe."""
        out = cls.shared / f"{recipe.stem}-here"
        result = support.run(["merge", recipe, out, "--progress", "none"])
        if result.code != 0:
            raise AssertionError(result.err)
        return support.digests(out)

    def submit(self, script, *arguments, nodes=2, ranks_per_node=2, options=(), **environment):
        """Id of a job that runs a script of jobs/ in this test's scratch folder."""
        layout = [f"--nodes={nodes}", f"--ntasks-per-node={ranks_per_node}", "--cpus-per-task=1", *options]
        variables = {"STOCKPOT": str(support.stockpot), **environment}
        return self.slurm.submit(jobs / script, *arguments, options=layout, environment=variables, folder=self.scratch)

    def slow_at_first(self):
        """An environment file with which only a job's first start is slow enough to be interrupted."""
        path = self.scratch / "slow.sh"
        path.write_text('[[ ${SLURM_RESTART_COUNT:-0} != 0 ]] || export STOCKPOT_FAULT="read:short"\n')
        return {"STOCKPOT_ENVIRONMENT": str(path)}

    def partial(self, out=None):
        """The folder that a merge to `out` works in."""
        out = pathlib.Path(out or self.out)
        return out.parent / f".{out.name}.partial"

    def wait_for_work(self, job, out=None):
        """Until the job has begun to write; fails if it has ended instead."""

        def works():
            self.assertIn(self.slurm.state(job), ("PENDING", "CONFIGURING", "RUNNING"), self.log())
            return (self.partial(out) / "model.safetensors").exists()

        self.slurm.wait_for(works, 30, "work of the job")
        time.sleep(0.2)

    def wait_for_state(self, job, state, seconds):
        done = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")

        def reached():
            now = self.slurm.state(job)
            if now != state and now in done:
                raise AssertionError(f"job {job} is {now}, not {state}\n{self.log()}")
            return now == state

        self.slurm.wait_for(reached, seconds, f"state {state} of job {job}")

    def log(self):
        """What all jobs of this test have printed."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.scratch.glob("*.out")))

    def completes(self, job, seconds=30, out=None, expected=None):
        """The job ends well, its output is the expected one byte for byte, and nothing of its work is left."""
        self.wait_for_state(job, "COMPLETED", seconds)
        self.assertEqual(support.digests(out or self.out), expected or self.expected, self.log())
        self.assertFalse(self.partial(out).exists())
        self.assertIn("all as the manifest says", self.log())

    def fails(self, job, code, seconds=support.SECONDS_TO_FAIL):
        """The job ends with this exit code, within so many seconds of its start, and publishes nothing."""
        self.wait_for_state(job, "FAILED", 30)
        record = self.slurm.job(job)[0]
        self.assertEqual(record["ExitCode"], f"{code}:0", self.log())
        self.assertLess(self.seconds_of(record["RunTime"]), seconds, self.log())
        self.assertFalse(self.out.exists())

    @staticmethod
    def seconds_of(duration):
        hours, minutes, seconds = map(int, duration.split(":"))
        return 3600 * hours + 60 * minutes + seconds

    def was_resumed(self, out=None):
        return support.json.loads((pathlib.Path(out or self.out) / "stockpot_run.json").read_text())["resumed"]


def main():
    global jobs
    lacking = cluster.missing()
    if lacking:
        print(f"skipped: {lacking}")
        sys.exit(SKIPPED)
    # Ended from outside, the test still takes its daemons along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    jobs = pathlib.Path(sys.argv.pop(3)).resolve()
    os.environ["LC_ALL"] = "C"
    support.main()
