"""Merges over 2 and 4 hosts, by grids of every shape, on shared and on node-local storage."""

import shutil
import subprocess

import hosts_case
import support
from support import INPUT


class Grids(hosts_case.HostsCase):
    host_count = 4

    def crossing(self, recipe, *options, **how):
        """What the run file says was exchanged, and what crossed the network meanwhile."""
        shutil.rmtree(self.out, ignore_errors=True)
        before = self.network.sent_bytes()
        run = self.merges_across(recipe, *options, **how)
        after = self.network.sent_bytes()
        return run["bytes"]["exchanged"], sum(after.values()) - sum(before.values())

    def test_every_shape(self):
        """One rank a host: what is exchanged crosses the network, and little else does."""
        cases = [(2, "2x1"), (2, "1x2"), (4, "4x1"), (4, "2x2"), (4, "1x4")]
        for count, grid in cases:
            for recipe in (self.linear, self.ties):
                with self.subTest(grid=grid, recipe=recipe.stem):
                    hosts = self.network.hosts[:count]
                    exchanged, crossed = self.crossing(recipe, "--grid", grid, hosts=hosts)
                    self.assertEqual(exchanged > 0, not grid.endswith("x1"))
                    self.assertGreaterEqual(crossed, exchanged)
                    self.assertLess(crossed, 1.2 * exchanged + 4e6)

    def test_two_ranks_a_host(self):
        """Rows are neighbouring ranks: a row that lies within a host sends no tile over the network."""
        hosts = self.network.hosts[:2]
        for recipe in (self.linear, self.ties):
            with self.subTest(recipe=recipe.stem):
                how = {"hosts": hosts, "ranks_per_host": 2}
                within, crossed_within = self.crossing(recipe, "--grid", "2x2", by="slot", **how)
                across, crossed_across = self.crossing(recipe, "--grid", "2x2", by="node", **how)
                self.assertEqual(within, across)
                self.assertGreaterEqual(crossed_across, across)
                self.assertLess(crossed_within + 0.8 * across, crossed_across)


class NodeLocal(hosts_case.HostsCase):
    """Each model lies on one host's disk, and other hosts see nothing of it. The last host has all of them: what one
    process makes there of the same recipe is what the others must make together."""

    host_count = 3

    def setUp(self):
        super().setUp()
        *self.workers, self.archive = self.network.hosts

    def local(self, name):
        """As a host names what lies on its own disk."""
        return self.shared / "network" / "local" / name

    def place(self, pattern, model, host, rank):
        name = pattern.format(model=model, node=host, rank=rank)
        shutil.copytree(self.models[model], self.network.disk(host) / name)
        return self.local(name)

    def recipe_of(self, method, pattern):
        models = [
            self.local(pattern.format(model=model, node="{node}", rank="{rank}")) for model in range(self.model_count)
        ]
        return self.write_recipe(support.linear_recipe(*models) if method == "linear" else self.ties_recipe(*models))

    def expected(self, pattern, recipe):
        for model in range(self.model_count):
            self.place(pattern, model, self.archive, 0)
        out = self.scratch / "archive"
        command = support.command(["merge", recipe, out, "--durability", "none", "--progress", "none"])
        subprocess.run([*self.network.inside(self.archive), *command], check=True, capture_output=True, timeout=60)
        return support.digests(out)

    def clear(self):
        for host in self.network.hosts:
            for path in self.network.disk(host).iterdir():
                shutil.rmtree(path)
        for name in ("out", "archive"):
            shutil.rmtree(self.scratch / name, ignore_errors=True)

    def spread(self, pattern, columns, ranks):
        """Contiguous halves of the models to the columns; rank r stands in column r mod `columns` on host r mod 2."""
        for rank in range(ranks):
            for model in range(self.model_count):
                if model * columns // self.model_count == rank % columns:
                    self.place(pattern, model, self.workers[rank % 2], rank)

    def test_owners_alone_see_a_model(self):
        cases = [
            ("linear", "{node}/model-{model}", 1),
            ("ties", "{node}/model-{model}", 1),
            ("linear", "of-rank-{rank}/model-{model}", 1),
            ("ties", "{node}/{rank}/model-{model}", 2),
        ]
        shared = {"linear": self.merged_here(self.linear), "ties": self.merged_here(self.ties)}
        for method, pattern, ranks_per_host in cases:
            with self.subTest(method=method, pattern=pattern, ranks_per_host=ranks_per_host):
                self.clear()
                recipe = self.recipe_of(method, pattern)
                expected = self.expected(pattern, recipe)
                self.spread(pattern, 2, 2 * ranks_per_host)
                self.merges_across(
                    recipe,
                    *("--grid", f"{ranks_per_host}x2"),
                    expected=expected,
                    hosts=self.workers,
                    ranks_per_host=ranks_per_host,
                    by="node",
                )
                self.assertEqual(expected["model.safetensors"], shared[method]["model.safetensors"])

    def test_missing_model(self):
        """On the disk of the host that must read it; that others have one by this name does not help."""
        pattern = "{node}/model-{model}"
        self.clear()
        recipe = self.recipe_of("linear", pattern)
        self.spread(pattern, 2, 2)
        missing = self.place(pattern, 3, self.workers[0], 0).name
        shutil.rmtree(self.network.disk(self.workers[1]) / self.workers[1] / missing)
        result = support.finish(self.start_merge(recipe, "--grid", "1x2", hosts=self.workers), 60)
        self.assertEqual(result.code, INPUT, result.err)
        self.assertEqual(len(result.failures), 1, result.err)
        for word in ("rank 1", str(self.local(f"{self.workers[1]}/{missing}"))):
            self.assertIn(word, result.failures[0])
        self.leaves_nothing()


if __name__ == "__main__":
    hosts_case.main()
