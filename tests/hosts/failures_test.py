"""Ranks and hosts that die in the middle of a merge."""

import shutil
import time

import hosts_case
import support
from processes import kill


class Failures(hosts_case.HostsCase):
    host_count = 2

    def ends_soon(self, process):
        """All ranks on all hosts, within seconds, and nothing is published."""
        begin = time.monotonic()
        self.assertNotEqual(support.finish(process, 60).code, 0)
        while support.ranks_of(self.out) and time.monotonic() < begin + support.SECONDS_TO_FAIL:
            time.sleep(0.05)
        self.assertLess(time.monotonic() - begin, support.SECONDS_TO_FAIL)
        self.publishes_nothing()

    def test_killed_rank(self):
        """On the host of mpirun or on the other one. Ranks of another number and grid continue."""
        for recipe, host, grid in ((self.linear, "h2", "1x2"), (self.ties, "h1", "2x1")):
            with self.subTest(recipe=recipe.stem, host=host, grid=grid):
                shutil.rmtree(self.out, ignore_errors=True)
                process = self.start_slowly(recipe, ranks=4, ranks_per_host=2)
                kill(self.ranks_on(host)[-1])
                self.ends_soon(process)
                self.assertTrue(self.merges_across(recipe, "--resume", "--grid", grid)["resumed"])

    def test_killed_host(self):
        """Its daemon and its ranks at once."""
        process = self.start_slowly(self.linear, "--grid", "1x2")
        self.network.kill_processes("h2")
        self.ends_soon(process)
        self.assertTrue(self.merges_across(self.linear, "--resume")["resumed"])


if __name__ == "__main__":
    hosts_case.main()
