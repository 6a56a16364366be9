"""What the tests over several hosts share: a network for each class of tests, models, and merges across it.

Each script is `NAME_test.py STOCKPOT MPIEXEC [unittest arguments]`; exit code 77 where there can be no network.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import network
import support

SKIPPED = 77

# As README.md recommends: a silent peer is given up after about 5 seconds instead of Open MPI's 8 minutes.
KEEPALIVE = {"oob_tcp_keepalive_time": 2, "oob_tcp_keepalive_intvl": 1, "oob_tcp_keepalive_probes": 3}
SECONDS_TO_GIVE_UP = 15.0

SLOW_READS = {"STOCKPOT_FAULT": "read:short"}
JOURNAL_HEAD_BYTES = 24


class HostsCase(support.Case):
    """A network of `host_count` hosts, models on storage that all of them see, and recipes of two kinds."""

    host_count = 2
    model_count = 4

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="stockpot-hosts-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.network = network.Network(cls.shared / "network", cls.host_count)
        cls.addClassCleanup(cls.network.stop)
        cls.network.start()
        cls.models = [
            support.write_model(cls.shared / f"model-{seed}", cls.tensors(seed), shards=2)
            for seed in range(cls.model_count)
        ]
        cls.linear = cls.shared / "linear.yml"
        cls.linear.write_text(support.linear_recipe(*cls.models))
        cls.ties = cls.shared / "ties.yml"
        cls.ties.write_text(cls.ties_recipe(*cls.models))

    @classmethod
    def tensors(cls, seed):
        return support.llama_like(seed, layers=4, hidden=160, inner=400)

    @staticmethod
    def ties_recipe(*models):
        """Of task vectors from the last one. Thresholds span the whole model, so all ranks reduce counts together."""
        *models, base = models
        lines = ["merge_method: ties", "scope: model", f"base_model: {json.dumps(str(base))}", "models:"]
        for number, model in enumerate(models):
            lines.append(
                f"  - {{model: {json.dumps(str(model))}, parameters: {{weight: {number + 1}, density: 0.4}}}}"
            )
        return "\n".join(lines) + "\n"

    @classmethod
    def merged_here(cls, recipe):
        """Digests of what one plain process makes of a recipe."""
        out = cls.shared / f"{recipe.stem}-here"
        if not out.exists():
            result = support.run(["merge", recipe, out, "--durability", "none", "--progress", "none"])
            if result.code != 0:
                raise AssertionError(result.err)
        return support.digests(out)

    def command(self, arguments, ranks_per_host=1, hosts=None, by="slot", env=None):
        """A job that starts on the first host; ranks fill one host after the other, or take turns (by "node")."""
        hosts = hosts or self.network.hosts
        settings = {
            "plm_rsh_agent": self.network.agent,
            "orte_tmpdir_base": self.network.folder / "tmp",
            "pml": "ob1",
            "btl": "self,vader,tcp",
            "btl_tcp_if_include": network.NETWORK,
            "oob_tcp_if_include": network.NETWORK,
            **KEEPALIVE,
        }
        words = [support.mpiexec, "-n", len(hosts) * ranks_per_host, "--bind-to", "none", "--map-by", by]
        words += ["--host", ",".join(f"{host}:{ranks_per_host}" for host in hosts)]
        for key, value in settings.items():
            words += ["--mca", key, value]
        for key, value in (env or {}).items():
            words += ["-x", f"{key}={value}"]
        return [*self.network.inside(hosts[0]), *map(str, words), str(support.stockpot), *map(str, arguments)]

    def start(self, arguments, **how):
        return subprocess.Popen(
            self.command(arguments, **how),
            env=support.clean_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start_merge(self, recipe, *options, out=None, **how):
        words = ["merge", recipe, out or self.out, "--durability", "none", "--progress", "none", "--threads", 1]
        return self.start([*words, *options], **how)

    def merges_across(self, recipe, *options, expected=None, out=None, timeout=60.0, **how):
        """To the bytes of one plain process; returns what the run file says."""
        result = support.finish(self.start_merge(recipe, *options, out=out, **how), timeout)
        self.assertEqual(result.code, 0, f"{result.out}\n{result.err}")
        self.assertEqual(support.digests(out or self.out), expected or self.merged_here(recipe))
        return json.loads(((out or self.out) / "stockpot_run.json").read_text())

    def start_slowly(self, recipe, *options, ranks=2, **how):
        """A job in the middle of its work, of which each rank has finished and noted a part."""
        process = self.start_merge(recipe, *options, env=SLOW_READS, **how)
        folder = self.scratch / ".out.partial" / "journal"
        while True:
            sizes = [path.stat().st_size for path in folder.glob("*.bin")]
            if len(sizes) == ranks and min(sizes) > JOURNAL_HEAD_BYTES:
                return process
            if process.poll() is not None:
                raise AssertionError(f"ended early\n{process.communicate()[1]}")
            time.sleep(0.01)

    def ranks_on(self, host):
        """Ids of the program's processes there."""
        return sorted(set(support.ranks_of(self.out)) & set(self.network.processes_on(host)))

    def publishes_nothing(self):
        """Nothing but the partial folder, and no rank that still works on it."""
        self.assertEqual(support.ranks_of(self.out), [])
        self.assertFalse(self.out.exists())
        self.assertTrue((self.scratch / ".out.partial").is_dir())


def main():
    if not network.is_inside() and (lacking := network.missing()):
        print(f"skipped: {lacking}")
        sys.exit(SKIPPED)
    network.enter()
    support.main()
