"""The lock of a job whose first host is gone: nobody can ask that host, so whoever comes next watches the lock."""

import time

import hosts_case
import support

TAKEOVER_SECONDS = 60.0


class Takeover(hosts_case.HostsCase):
    host_count = 3

    def test_lock_of_a_lost_host(self):
        """Taken over after a minute without a sign of life, to the same bytes."""
        process = self.start_slowly(self.ties, ranks=3)
        lock = self.scratch / ".out.partial" / "lock"
        self.assertEqual(lock.read_text().splitlines()[0], "h1")
        self.network.unplug("h1")
        for host in self.network.hosts:
            self.network.kill_processes(host)
        self.assertNotEqual(support.finish(process, 60).code, 0)
        self.publishes_nothing()

        begin = time.monotonic()
        run = self.merges_across(self.ties, "--resume", hosts=["h2", "h3"], timeout=TAKEOVER_SECONDS + 30)
        self.assertGreater(time.monotonic() - begin, TAKEOVER_SECONDS)
        self.assertTrue(run["resumed"])
        self.assertEqual(run["host"], "h2")


if __name__ == "__main__":
    hosts_case.main()
