"""Clocks that are wrong, or set while a job runs. libfaketime stands for `date --set`."""

import os
import pathlib
import signal
import sys
import time

import support
from stopping_case import OPTIONS, StoppingCase
from support import USAGE

LIBRARIES = sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
SKIPPED = 77


class Clocks(StoppingCase):
    def clock(self, shift):
        """The environment of a process whose wall clock is wrong by `shift`; `set_clock` sets it later. Times of files and
        the steady clock stay what they are, as they do on a machine whose clock is set."""
        self.set_clock(shift)
        return {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.scratch / "shift"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_clock(self, shift):
        fresh = self.scratch / "shift.new"
        fresh.write_text(f"{shift}\n")
        fresh.rename(self.scratch / "shift")

    def test_the_clock_is_set_during_a_merge(self):
        for shift in ("-10d", "+10d"):
            with self.subTest(shift=shift):
                support.shutil.rmtree(self.out, ignore_errors=True)
                begin = time.monotonic()
                process = self.start_slowly(env=self.clock("+0"))
                self.wait_for_output(process)
                self.set_clock(shift)
                result = support.finish(process)
                self.assertEqual(result.code, 0, result.err)
                self.assertEqual(support.digests(self.out), self.expected)
                seconds = support.json.loads((self.out / "stockpot_run.json").read_text())["seconds"]["total"]
                self.assertGreater(seconds, 0.0)
                self.assertLess(seconds, time.monotonic() - begin)

    def test_resume_where_the_inputs_come_from_the_future(self):
        process = self.start_slowly()
        self.wait_for_output(process)
        process.kill()
        process.communicate()
        self.resumes(env=self.clock("-10d"))

    def test_a_lock_is_judged_by_its_beat_not_by_its_time(self):
        """To the second job the first one's lock is ten days old; one beat shows that it lives."""
        process = self.start_slowly()
        self.wait_for_output(process)
        process.send_signal(signal.SIGSTOP)
        arguments = ["merge", self.recipe, self.out, *OPTIONS, "--resume"]
        second = support.start(arguments, env=self.clock("+10d"))
        time.sleep(1.0)
        self.assertIsNone(second.poll(), "a silent holder is watched")
        os.utime(self.scratch / ".out.partial" / "lock")
        result = support.finish(second, timeout=30)
        self.assertEqual(result.code, USAGE, result.err)
        self.assertIn(str(process.pid), result.failures[0])
        process.send_signal(signal.SIGCONT)
        self.assertEqual(support.finish(process).code, 0)
        self.assertEqual(support.digests(self.out), self.expected)


if __name__ == "__main__":
    if not LIBRARIES:
        print("skipped: no libfaketime (Debian: libfaketime)")
        sys.exit(SKIPPED)
    support.main()
