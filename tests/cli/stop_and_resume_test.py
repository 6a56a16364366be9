"""Jobs that are stopped, killed or meet each other."""

import math
import os
import random
import signal
import time

import support
from stopping_case import OPTIONS, StoppingCase
from support import STOPPED, USAGE, VERIFICATION

PAGE_BYTES = 4096


class Stopping(StoppingCase):
    def test_signals(self):
        for ranks in support.rank_counts(None, 3):
            for number in (signal.SIGUSR1, signal.SIGTERM):
                with self.subTest(ranks=ranks, signal=number):
                    support.shutil.rmtree(self.out, ignore_errors=True)
                    process = self.start_slowly(ranks)
                    pids = self.wait_for_output(process, ranks)
                    time.sleep(0.05)
                    begin = time.monotonic()
                    os.kill(pids[-1], number)  # one rank is enough
                    result = support.finish(process)
                    self.assertLess(time.monotonic() - begin, support.SECONDS_TO_FAIL)
                    self.assertEqual(result.code, STOPPED, result.err)
                    self.assertEqual(len(result.failures), 1, result.err)
                    self.assertIn("--resume", result.failures[0])
                    self.assertFalse(self.out.exists())
                    self.refuses(USAGE, ["merge", self.recipe, self.out, *OPTIONS], ["--resume", "--overwrite"])
                    self.resumes(3 if ranks is None and support.mpiexec else None)

    def test_resume_does_not_repeat_what_is_done(self):
        process = self.start_slowly()
        self.wait_for_output(process)
        time.sleep(0.3)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(support.finish(process).code, STOPPED)
        self.resumes()
        run = support.json.loads((self.out / "stockpot_run.json").read_text())
        self.assertTrue(run["resumed"])
        reference = support.json.loads((self.scratch / "reference/stockpot_run.json").read_text())
        self.assertLess(run["bytes"]["written"], reference["bytes"]["written"])

    def test_a_kill_costs_at_most_what_was_under_way(self):
        """Of a rank with one thread that is two units, here tensors. The shards have holes where nothing was written."""
        tensors = support.json.loads((self.scratch / "reference/stockpot_manifest.json").read_text())["tensors"]
        largest = max(4 * math.prod(tensor["shape"]) for tensor in tensors.values())
        total = support.json.loads((self.scratch / "reference/stockpot_run.json").read_text())["bytes"]["written"]
        for ranks in support.rank_counts(None, 2):
            with self.subTest(ranks=ranks):
                support.shutil.rmtree(self.out, ignore_errors=True)
                process = self.start_slowly(ranks)
                pids = self.wait_for_output(process, ranks)
                while self.bytes_in_shards() < total / 2:
                    self.assertIsNone(process.poll(), "over too soon")
                    time.sleep(0.01)
                os.kill(pids[-1], signal.SIGKILL)
                support.finish(process)
                present = self.bytes_in_shards()
                self.resumes(ranks)
                written = support.json.loads((self.out / "stockpot_run.json").read_text())["bytes"]["written"]
                self.assertLess(written, total)
                self.assertLessEqual(written + present - total, (ranks or 1) * 2 * largest + len(tensors) * PAGE_BYTES)

    def bytes_in_shards(self):
        shards = (self.scratch / ".out.partial").glob("*.safetensors")
        return sum(512 * shard.stat().st_blocks for shard in shards)

    def test_killed_ranks(self):
        generator = random.Random(20)
        for ranks, resumed_by in ((3, None), (3, 2), (2, 3), (None, 2)):
            if not support.mpiexec:
                self.skipTest("no mpirun")
            with self.subTest(ranks=ranks, resumed_by=resumed_by):
                support.shutil.rmtree(self.out, ignore_errors=True)
                for attempt in range(2):
                    process = self.start_slowly(ranks, "--resume")
                    pids = self.wait_for_output(process, ranks)
                    time.sleep(generator.uniform(0.0, 0.15))
                    os.kill(generator.choice(pids), signal.SIGKILL)
                    begin = time.monotonic()
                    self.assertNotEqual(support.finish(process).code, 0)
                    self.assertLess(time.monotonic() - begin, support.SECONDS_TO_FAIL)
                    self.assertFalse(self.out.exists())
                self.resumes(resumed_by)

    def test_resume_of_a_finished_output_verifies_it(self):
        self.merges(self.recipe)
        before = support.digests(self.out, but=())
        for ranks in support.rank_counts(None, 3):
            self.succeeds(["merge", self.recipe, self.out, "--resume"], ranks)
            self.assertEqual(support.digests(self.out, but=()), before)
        with (self.out / "model.safetensors").open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))
        result = support.run(["merge", self.recipe, self.out, "--resume", "--progress", "none"])
        self.assertEqual(result.code, VERIFICATION, result.err)
        self.assertIn("model.safetensors: tensor '", result.out + result.err)

    def test_resume_with_another_recipe(self):
        other = self.write_recipe(
            support.linear_recipe(self.scratch / "model-2", self.scratch / "model-1"), "other.yml"
        )
        process = self.start_slowly()
        self.wait_for_output(process)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(support.finish(process).code, STOPPED)
        self.refuses(USAGE, ["merge", other, self.out, *OPTIONS, "--resume"], ["another recipe"])
        self.refuses(
            USAGE,
            ["merge", self.recipe, self.out, *OPTIONS, "--resume", "--dtype", "float32"],
            ["other inputs or options"],
        )
        self.resumes()

    def test_resume_of_a_finished_output_with_another_recipe(self):
        other = self.write_recipe(
            support.linear_recipe(self.scratch / "model-2", self.scratch / "model-1"), "other.yml"
        )
        self.merges(self.recipe)
        self.refuses(USAGE, ["merge", other, self.out, *OPTIONS, "--resume"], ["another recipe"])

    def test_overwrite(self):
        other = self.write_recipe(support.linear_recipe(self.scratch / "model-2"), "other.yml")
        for ranks in support.rank_counts(None, 3):
            self.merges(other, "--overwrite")
            self.merges(self.recipe, "--overwrite", ranks=ranks)
            self.assertEqual(support.digests(self.out), self.expected)
            self.assertEqual([path.name for path in self.scratch.iterdir() if path.name.startswith(".")], [])

    def test_overwrite_keeps_the_old_one_until_the_new_one_stands(self):
        self.merges(self.recipe)
        process = self.start_slowly(None, "--overwrite")
        self.wait_for_output(process)
        self.assertEqual(support.digests(self.out), self.expected)
        process.kill()
        support.finish(process)
        self.assertEqual(support.digests(self.out), self.expected)
        self.merges(self.recipe, "--overwrite")
        self.assertEqual(support.digests(self.out), self.expected)

    def test_two_jobs_with_one_output(self):
        process = self.start_slowly()
        self.wait_for_output(process)
        process.send_signal(signal.SIGSTOP)
        for ranks in support.rank_counts(None, 2):
            self.refuses(USAGE, ["merge", self.recipe, self.out, *OPTIONS], [self.out.name, str(process.pid)], ranks)
        process.send_signal(signal.SIGCONT)
        self.assertEqual(support.finish(process).code, 0)
        self.assertEqual(support.digests(self.out), self.expected)

    def test_resume_of_a_job_that_lives(self):
        """The second one watches the heartbeat, then refuses; the first stands still but for its beat."""
        process = self.start_slowly()
        self.wait_for_output(process)
        second = support.start(["merge", self.recipe, self.out, *OPTIONS, "--resume"])
        beat = self.scratch / ".out.partial" / "lock"
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        self.assertIsNone(second.poll(), "a silent holder is watched")
        os.utime(beat)
        result = support.finish(second, timeout=30)
        self.assertEqual(result.code, USAGE, result.err)
        self.assertIn(str(process.pid), result.failures[0])
        process.send_signal(signal.SIGCONT)
        self.assertEqual(support.finish(process).code, 0)
        self.assertEqual(support.digests(self.out), self.expected)


if __name__ == "__main__":
    support.main()
