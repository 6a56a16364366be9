"""Without a launcher the program is at work within 50 ms, and never loads what it does not need for that."""

import re
import shutil
import subprocess
import time

import support
from support import f32

LIMIT_SECONDS = 0.05
TRIES = 40


class Startup(support.Case):
    def setUp(self):
        super().setUp()
        self.model = self.scratch / "model.safetensors"
        self.model.write_bytes(support.safetensors({"a": ("F32", [4], f32(1, 2, 3, 4))}))
        self.recipe = self.write_recipe(support.linear_recipe(self.model))
        self.arguments = [
            "merge",
            self.recipe,
            self.out,
            "--overwrite",
            "--durability",
            "none",
            "--progress",
            "none",
            "--threads",
            1,
        ]

    def fastest(self, measure):
        """The machine may be busy with something else, so one good try is enough."""
        found = []
        while len(found) < TRIES and (len(found) < 5 or min(found) >= LIMIT_SECONDS):
            found.append(measure())
        print(f"{self.id().split('.')[-1]}: {1000 * min(found):.1f} ms (best of {len(found)})")
        return min(found)

    def test_whole_merge(self):
        def measure():
            begin = time.monotonic()
            subprocess.run(
                support.command(self.arguments), env=support.clean_environment(), check=True, stdout=subprocess.DEVNULL
            )
            return time.monotonic() - begin

        self.assertLess(self.fastest(measure), LIMIT_SECONDS)

    def test_first_byte(self):
        """From exec to the first read of the model, as strace sees it (which slows these calls down)."""
        strace = shutil.which("strace")
        trace = self.scratch / "trace"
        begin = [strace, "-f", "--seccomp-bpf", "-ttt", "-y", "-e", "trace=execve,pread64", "-o", trace]
        if not strace or subprocess.run([*begin, "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("no strace, or it may not trace here")

        def measure():
            subprocess.run(
                [*begin, *support.command(self.arguments)],
                env=support.clean_environment(),
                check=True,
                stdout=subprocess.DEVNULL,
            )
            lines = trace.read_text().splitlines()
            times = [
                float(re.search(r"\d+\.\d+", line).group())
                for line in lines
                if "execve(" in line or str(self.model) in line
            ]
            self.assertGreater(len(times), 1, lines)
            return times[1] - times[0]

        self.assertLess(self.fastest(measure), LIMIT_SECONDS)

    def test_plan_of_many_ranks(self):
        def measure():
            return self.succeeds(["plan", self.recipe, "--ranks", 10_000, "--json"]).seconds

        self.assertLess(min(measure() for _ in range(5)), 1.0)


if __name__ == "__main__":
    support.main()
