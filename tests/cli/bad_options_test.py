"""The command line itself: options, commands, help, and launchers whose ranks don't find each other."""

import json
import os

import support
from support import COMMUNICATION, USAGE, f32

COMMANDS = ("merge", "plan", "soup", "inspect", "diff", "verify", "convert")

# Options after `merge RECIPE OUT` -> words of the message
REFUSED = [
    (["--treads", "2"], ["--treads", "--threads"]),
    (["--res"], ["--res"]),
    (["-x"], ["-x"]),
    (["--threads", "0"], ["--threads"]),
    (["--threads", "-1"], ["--threads"]),
    (["--threads", "two"], ["--threads", "two"]),
    (["--threads", "2.5"], ["--threads"]),
    (["--threads", "99999999"], ["--threads"]),
    (["--threads", "99999999999999999999"], ["--threads"]),
    (["--threads"], ["--threads"]),
    (["--threads", "a\nb"], ["--threads"]),
    (["--seed", "-1"], ["--seed"]),
    (["--seed", "18446744073709551616"], ["--seed"]),
    (["--seed", "1", "--seed", "2"], ["--seed"]),
    (["--memory", "lots"], ["--memory", "512MiB"]),
    (["--memory", "-5"], ["--memory"]),
    (["--memory", "0"], ["--memory"]),
    (["--memory", "1e40"], ["--memory"]),
    (["--memory", "nan"], ["--memory"]),
    (["--memory", "512 MiBs"], ["--memory"]),
    (["--memory", "1KiB"], ["--memory", "smallest", "bytes"]),
    (["--grid", "2"], ["--grid"]),
    (["--grid", "x"], ["--grid"]),
    (["--grid", "0x1"], ["--grid"]),
    (["--grid", "1x1x1"], ["--grid"]),
    (["--grid", "-1x-1"], ["--grid"]),
    (["--grid", "5x7"], ["--grid 5x7", "ranks"]),
    (["--grid", "4294967296x4294967296"], ["--grid", "ranks"]),
    (["--dtype", "int8"], ["--dtype", "int8", "bfloat16"]),
    (["--dtype", "float8_e4m3fn"], ["--dtype"]),
    (["--dtype", "bfloat15"], ["--dtype", "bfloat16"]),
    (["--shard-size", "0"], ["--shard-size"]),
    (["--device", "tpu"], ["--device", "cpu"]),
    (["--device", "cuda"], ["--device"]),
    (["--durability", "maybe"], ["--durability", "fsync"]),
    (["--nonfinite", "x"], ["--nonfinite", "allow"]),
    (["--progress", "x"], ["--progress", "plain"]),
    (["--log-level", "x"], ["--log-level", "debug"]),
    (["--resume", "--overwrite"], ["--resume", "--overwrite"]),
    (["--json=3"], ["--json"]),
    (["one-too-many"], ["merge", "3"]),
]
AT_SEVERAL_RANKS = (["--treads", "2"], ["--threads", "0"], ["--memory", "1KiB"], ["--grid", "5x7"], ["--dtype", "int8"])


class Options(support.Case):
    def setUp(self):
        super().setUp()
        model = self.scratch / "model.safetensors"
        model.write_bytes(support.safetensors({"a": ("F32", [1], f32(1))}))
        self.recipe = self.write_recipe(support.linear_recipe(model))

    def test_refused(self):
        for options, words in REFUSED:
            counts = support.rank_counts(None, *([3] if options in AT_SEVERAL_RANKS else []))
            for ranks in counts:
                with self.subTest(options, ranks=ranks):
                    try:
                        self.refuses(USAGE, ["merge", self.recipe, self.out, *options], words, ranks)
                        self.leaves_nothing()
                    finally:
                        support.shutil.rmtree(self.out, ignore_errors=True)

    def test_missing_arguments(self):
        for command in COMMANDS:
            self.refuses(USAGE, [command], [command, "--help"])

    def test_unknown_command(self):
        for ranks in support.rank_counts(None, 3):
            self.refuses(USAGE, ["mrge", self.recipe, self.out], ["'mrge'", "merge"], ranks)
        self.refuses(USAGE, ["--versio"], ["--versio"])
        self.refuses(USAGE, ["repair", self.recipe, self.out], ["'repair'"])

    def test_no_command(self):
        result = support.run([])
        self.assertEqual((result.code, result.out), (USAGE, ""))
        for command in COMMANDS:
            self.assertIn(command, result.err)

    def test_options_of_plan(self):
        for options in (
            ["--ranks", "0"],
            ["--ranks", "-3"],
            ["--ranks", "x"],
            ["--ranks", "99999999999"],
            ["--ranks", "2000000000"],
        ):
            with self.subTest(options):
                self.refuses(USAGE, ["plan", self.recipe, *options], ["--ranks"])
        self.refuses(USAGE, ["plan", self.recipe, "--ranks", "4", "--grid", "3x1"], ["--grid 3x1", "4"])

    def test_help(self):
        self.assertEqual(support.run(["--help"]).out, support.run(["help"]).out)
        for command in COMMANDS:
            result = self.succeeds([command, "--help"])
            self.assertEqual(result.err, "")
            self.assertTrue(result.out.startswith(f"usage: stockpot {command} "), result.out)
            for option in ("--threads", "--memory", "--json", "--log-level"):
                self.assertIn(option, result.out)
        for option in ("--resume", "--overwrite"):
            self.assertIn(option, self.succeeds(["merge", "--help"]).out)

    def test_version_and_methods(self):
        version = self.succeeds(["--version"]).out
        for library in ("stockpot ", "HDF5 ", "Boost ", "xxHash ", "BLAS ", "nlohmann-json "):
            self.assertIn(library, version)
        methods = self.succeeds(["merge", "--methods"]).out
        for method in ("linear", "uniform_soup", "weighted", "task_arithmetic", "passthrough"):
            self.assertIn(f"`{method}`", methods)

    def test_help_comes_once_from_several_ranks(self):
        for ranks in support.rank_counts(3):
            for arguments in (["--help"], ["merge", "--help"], ["--version"], ["merge", "--methods"]):
                self.assertEqual(support.run(arguments, ranks).out, support.run(arguments).out)

    def test_threads_beyond_the_processors_are_a_warning(self):
        processors = len(os.sched_getaffinity(0))
        result = self.merges(self.recipe, "--threads", processors + 1)
        self.assertEqual(len(result.warnings), 1, result.err)
        self.assertIn("--threads", result.warnings[0])
        for ranks in support.rank_counts(3):
            result = self.merges(self.recipe, "--threads", processors + 1, "--overwrite", ranks=ranks)
            self.assertEqual(len(result.warnings), 1, result.err)

    def test_standard_output_that_is_closed(self):
        """A reader that went away is no crash."""
        reading, writing = os.pipe()
        os.close(reading)
        process = support.subprocess.run(
            support.command(["--version"]), stdout=writing, stderr=-1, env=support.clean_environment(), timeout=60
        )
        os.close(writing)
        self.assertGreaterEqual(process.returncode, 0, "killed by a signal")


class Launchers(support.Case):
    """A plain process with the variables of a launcher that did not bring the ranks together: without a refusal, N
    processes would write one output."""

    def setUp(self):
        super().setUp()
        model = self.scratch / "model.safetensors"
        model.write_bytes(support.safetensors({"a": ("F32", [1], f32(1))}))
        self.recipe = self.write_recipe(support.linear_recipe(model))

    def test_ranks_that_do_not_find_each_other(self):
        slurm_task = {"SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_JOB_ID": "1"}
        for environment in (
            {"OMPI_COMM_WORLD_SIZE": "4"},
            {"PMI_SIZE": "4", "PMI_RANK": "1"},
            {"PMI_SIZE": "4", "PMI_RANK": "1", "SLURM_NTASKS": "4", **slurm_task},
            {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", **slurm_task},
        ):
            with self.subTest(environment):
                self.refuses(
                    COMMUNICATION,
                    ["merge", self.recipe, self.out],
                    ["4 ranks", "srun --mpi=pmix", "mpirun"],
                    env=environment,
                )
                self.leaves_nothing()

    def test_one_of_the_ranks_that_do_not_find_each_other_speaks(self):
        task = {"SLURM_STEP_ID": "0", "SLURM_PROCID": "2", "SLURM_JOB_ID": "1"}
        result = support.run(
            ["merge", self.recipe, self.out], env={"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", **task}
        )
        self.assertEqual((result.code, result.err), (COMMUNICATION, ""))
        self.leaves_nothing()

    def test_inside_an_allocation_but_without_a_launcher(self):
        """In a batch script SLURM_NTASKS is the job's, not this process's."""
        self.merges(
            self.recipe,
            env={"SLURM_NTASKS": "4", "SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291"},
        )
        run = json.loads((self.out / "stockpot_run.json").read_text())
        self.assertEqual(run["ranks"], 1)


if __name__ == "__main__":
    support.main()
