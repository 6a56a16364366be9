"""Inputs that change while they are merged. Reads of one byte at a time make the job slow enough to come in between."""

import os
import signal

import support
from support import INPUT

SLOW = {"STOCKPOT_FAULT": "read:short"}


class ChangedInput(support.Case):
    def setUp(self):
        super().setUp()
        self.model = support.write_model(self.scratch / "model", support.llama_like(1, layers=3, hidden=160, inner=320))
        self.file = self.model / "model.safetensors"
        other = support.write_model(self.scratch / "other", support.llama_like(2, layers=3, hidden=160, inner=320))
        self.recipe = self.write_recipe(support.linear_recipe(self.model, other))

    def first_value(self):
        """Offset of the file's first value, which is a finite bfloat16."""
        return 8 + int.from_bytes(self.file.read_bytes()[:8], "little")

    def overwrite_first_value(self):
        with self.file.open("r+b") as file:
            file.seek(self.first_value())
            file.write(b"\x80\x3f")

    def changed(self, change):
        """The job ends with one line that names the file, and leaves nothing."""
        content = self.file.read_bytes()
        for ranks in support.rank_counts(None, 3):
            with self.subTest(ranks=ranks):
                support.shutil.rmtree(self.out, ignore_errors=True)
                process = self.start_slowly(ranks)
                pids = self.wait_for_output(process, ranks)
                for pid in pids:
                    os.kill(pid, signal.SIGSTOP)
                change()
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
                result = support.finish(process, timeout=60)
                self.assertEqual(result.code, INPUT, result.err)
                self.assertEqual(len(result.failures), 1, result.err)
                self.assertIn(str(self.file), result.failures[0])
                self.leaves_nothing()
            self.file.write_bytes(content)

    def start_slowly(self, ranks=None):
        options = ["--progress", "none", "--durability", "none", "--threads", 1]
        return support.start(["merge", self.recipe, self.out, *options], ranks, SLOW)

    def test_truncated(self):
        self.changed(lambda: os.truncate(self.file, self.file.stat().st_size // 2))

    def test_grown(self):
        self.changed(lambda: os.truncate(self.file, self.file.stat().st_size + 1))

    def test_replaced(self):
        def replace():
            new = self.file.with_name("new")
            content = bytearray(self.file.read_bytes())
            content[self.first_value()] ^= 1
            new.write_bytes(content)
            os.replace(new, self.file)

        self.changed(replace)

    def test_written_in_place(self):
        self.changed(self.overwrite_first_value)

    def test_removed(self):
        self.changed(lambda: self.file.unlink())

    def test_changed_between_stop_and_resume(self):
        """What was merged from other bytes is not mixed with new ones."""
        process = self.start_slowly()
        self.wait_for_output(process)
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(support.finish(process).code, support.STOPPED)
        self.overwrite_first_value()
        result = self.refuses(support.USAGE, ["merge", self.recipe, self.out, "--resume"], ["other inputs"])
        self.assertFalse(self.out.exists(), result.err)
        self.merges(self.recipe, "--overwrite")


if __name__ == "__main__":
    support.main()
