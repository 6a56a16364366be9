"""Networks that are slow, interrupted, or gone in the middle of a merge."""

import shutil
import time

import hosts_case
import support
from hosts_case import SECONDS_TO_GIVE_UP


class Links(hosts_case.HostsCase):
    host_count = 2

    def test_slow_link(self):
        """The right bytes, later: they can't be faster than the link."""
        bits_per_second = 20e6
        for recipe in (self.linear, self.ties):
            with self.subTest(recipe=recipe.stem):
                shutil.rmtree(self.out, ignore_errors=True)
                with self.network.slow_down("h2", bits_per_second, 0.02) as link:
                    begin = time.monotonic()
                    run = self.merges_across(recipe, "--grid", "1x2")
                    seconds = time.monotonic() - begin
                exchanged = run["bytes"]["exchanged"]
                self.assertGreater(exchanged, 1e6)
                self.assertGreaterEqual(link.carried_bytes(), exchanged)
                self.assertGreater(2 * seconds, 8 * exchanged / bits_per_second)  # it works in both directions

    def test_interrupted_link(self):
        """What was lost is sent again, and the job never knows."""
        process = self.start_slowly(self.linear, "--grid", "1x2")
        self.network.unplug("h2")
        time.sleep(1.0)
        self.assertIsNone(process.poll())
        self.network.plug_in("h2")
        result = support.finish(process, 60)
        self.assertEqual(result.code, 0, result.err)
        self.assertEqual(support.digests(self.out), self.merged_here(self.linear))

    def test_lost_link(self):
        """Both sides give up within seconds, as TCP's keep-alive tells them; with the link back, the job goes on."""
        network = self.network
        for cut, join in ((network.unplug, network.plug_in), (network.switch_off, network.switch_on)):
            with self.subTest(cut=cut.__name__):
                shutil.rmtree(self.out, ignore_errors=True)
                process = self.start_slowly(self.ties, "--grid", "1x2")
                cut("h2")
                begin = time.monotonic()
                result = support.finish(process, 2 * SECONDS_TO_GIVE_UP)
                self.assertNotEqual(result.code, 0)
                while network.processes_on("h2") and time.monotonic() < begin + SECONDS_TO_GIVE_UP:
                    time.sleep(0.1)
                self.assertEqual(network.processes_on("h2"), [])
                self.assertLess(time.monotonic() - begin, SECONDS_TO_GIVE_UP, result.err)
                self.publishes_nothing()
                join("h2")
                self.assertTrue(self.merges_across(self.ties, "--grid", "1x2", "--resume")["resumed"])


if __name__ == "__main__":
    hosts_case.main()
