"""Disks that fill up or fail, and death at any system call: never half an output, and --resume gives the same bytes."""

import os
import subprocess

import support
from support import SYSTEM_IO, USAGE, f32

KILLED = -9


class FailingDisk(support.Case):
    def setUp(self):
        super().setUp()
        for seed in (1, 2):
            support.write_model(
                self.scratch / f"model-{seed}",
                support.llama_like(seed, layers=1, hidden=16, inner=24, vocabulary=32),
                shards=2,
            )
        self.recipe = self.write_recipe(support.linear_recipe(self.scratch / "model-1", self.scratch / "model-2"))
        self.merges(self.recipe, out=self.scratch / "reference")
        self.expected = support.digests(self.scratch / "reference")

    def attempt(self, fault, *options, ranks=None):
        return support.run(
            ["merge", self.recipe, self.out, "--progress", "none", *options], ranks, env={"STOCKPOT_FAULT": fault}
        )

    def resumes(self, ranks=None):
        """--resume finishes whatever stands there, at once."""
        result = self.succeeds(["merge", self.recipe, self.out, "--progress", "none", "--resume"], ranks)
        self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
        self.assertEqual(support.digests(self.out), self.expected)
        self.assertEqual([path.name for path in self.scratch.iterdir() if path.name.startswith(".out")], [])

    def check_whole_or_absent(self):
        if self.out.exists():
            self.assertEqual(
                {name: digest for name, digest in support.digests(self.out).items() if not name.startswith("lock")},
                self.expected,
            )

    def check_failure(self, result, code=SYSTEM_IO):
        self.assertEqual(result.code, code, result.err)
        self.assertEqual(len(result.failures), 1, result.err)
        self.check_whole_or_absent()

    def at_every_call(self, operation, action, code, *options):
        """Fails the first such call, then the second in a new run, ..., until a run needs no more of them."""
        for nth in range(1, 400):
            result = self.attempt(f"{operation}:{action}:nth={nth}", *options)
            if result.code == 0:
                self.assertGreater(nth, 1)
                self.assertEqual(support.digests(self.out), self.expected)
                support.shutil.rmtree(self.out)
                return
            with self.subTest(f"{operation} {nth}"):
                if code == KILLED:
                    self.assertEqual(result.code, KILLED, result.err)
                    self.check_whole_or_absent()
                else:
                    self.check_failure(result, USAGE if f"{self.recipe}: " in result.err else code)
                self.resumes()
            support.shutil.rmtree(self.out, ignore_errors=True)
        self.fail("no end of calls")

    def test_killed_at_any_write(self):
        self.at_every_call("write", "kill", KILLED, "--durability", "none")

    def test_killed_at_any_sync(self):
        self.at_every_call("sync", "kill", KILLED)

    def test_killed_at_any_rename(self):
        self.at_every_call("rename", "kill", KILLED, "--durability", "none")

    def test_killed_at_any_link(self):
        self.at_every_call("link", "kill", KILLED, "--durability", "none")

    def test_killed_at_any_read(self):
        self.at_every_call("read", "kill", KILLED, "--durability", "none")

    def test_error_of_any_write(self):
        self.at_every_call("write", "eio", SYSTEM_IO, "--durability", "none")

    def test_error_of_any_sync(self):
        self.at_every_call("sync", "eio", SYSTEM_IO)

    def test_error_of_any_rename(self):
        self.at_every_call("rename", "eio", SYSTEM_IO, "--durability", "none")

    def test_error_of_any_read(self):
        self.at_every_call("read", "eio", SYSTEM_IO, "--durability", "none")

    def test_disk_full_after_some_bytes(self):
        for size in (0, 1, 100, 1000, 5000):
            with self.subTest(size):
                result = self.attempt(f"write:enospc:bytes={size}")
                self.check_failure(result)
                self.assertIn("disk full", result.failures[0])
                self.assertFalse(self.out.exists())
                self.resumes()
            support.shutil.rmtree(self.out)

    def test_calls_that_move_one_byte(self):
        self.assertEqual(self.attempt("read:short,write:short").code, 0)
        self.assertEqual(support.digests(self.out), self.expected)

    def test_one_of_several_ranks(self):
        for ranks in support.rank_counts(3):
            for fault in ("write:enospc:rank=1", "read:eio:nth=2:rank=2", "sync:eio:rank=0"):
                with self.subTest(fault):
                    result = self.attempt(fault, ranks=ranks)
                    self.check_failure(result)
                    self.assertLess(result.seconds, support.SECONDS_TO_FAIL)
                    self.assertIn(f"rank {fault[-1]}: ", result.failures[0])
                    self.assertFalse(self.out.exists())
                    self.resumes()
                support.shutil.rmtree(self.out)

    def test_malformed_fault_plan(self):
        """A test that misspells a fault must not pass."""
        self.check_failure(self.attempt("write:eoi"), USAGE)

    def test_small_file_system(self):
        full = self.scratch / "full"
        full.mkdir()
        if (
            os.geteuid() != 0
            or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=64k", "none", full], check=False, stderr=subprocess.DEVNULL
            ).returncode
            != 0
        ):
            self.skipTest("only root can mount a small file system")
        self.addCleanup(subprocess.run, ["umount", full])
        large = self.scratch / "large.safetensors"
        large.write_bytes(
            support.safetensors({name: ("F32", [30_000], f32(*[float(n)] * 30_000)) for n, name in enumerate("abc")})
        )
        recipe = self.write_recipe(support.linear_recipe(large), "large.yml")
        for ranks in support.rank_counts(None, 3):
            with self.subTest(ranks=ranks):
                self.refuses(
                    SYSTEM_IO,
                    ["merge", recipe, full / "out", "--progress", "none", "--overwrite"],
                    [full, "disk full"],
                    ranks,
                )
                self.assertFalse((full / "out").exists())
        subprocess.run(["mount", "-o", "remount,size=4m", full], check=True)
        self.succeeds(["merge", recipe, full / "out", "--resume", "--progress", "none"])
        self.merges(recipe)
        self.assertEqual(support.digests(full / "out"), support.digests(self.out))

    def test_folder_that_may_not_be_written(self):
        locked = self.scratch / "locked"
        locked.mkdir(mode=0o555)
        if os.geteuid() == 0:
            locked.rmdir()
            locked = "/proc/self"
        self.refuses(SYSTEM_IO, ["merge", self.recipe, f"{locked}/out"], [locked])


if __name__ == "__main__":
    support.main()
