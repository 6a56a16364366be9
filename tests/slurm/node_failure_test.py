"""Nodes that die in the middle of a merge or a search. Slurm finds out, queues the job again, and it goes on."""

import slurm_case
import soup_case
import support


class NodeFailure(soup_case.SoupCase):
    node_count = 6

    @classmethod
    def tensors(cls, seed):
        return support.llama_like(seed, layers=8, hidden=320, inner=800)

    def test_dead_nodes(self):
        """At once, as Slurm takes its time: a merge loses the node of its batch script, another one another, a search
        that of an evaluator."""
        recipe = self.search("searched", "workers: 2, retries: 0", hold=3)
        expected = self.found_here(recipe)
        search, found = self.submit("soup.sbatch", recipe, self.out, ranks_per_node=1), self.out
        self.wait_until_held(recipe, search, found, 3)
        outputs = {}
        for name in ("first", "second"):
            out = self.scratch / name
            job = self.submit("resume_loop.sbatch", self.recipe, out, ranks_per_node=1, **self.slow_at_first())
            outputs[job] = out
        doomed = {}
        for job, out in outputs.items():
            self.wait_for_work(job, out)
            batch_host = self.slurm.job(job)[0]["BatchHost"]
            others = [node for node in self.nodes_of(job) if node != batch_host]
            doomed[job] = out, others[0] if doomed else batch_host
        dead = {node for _, node in doomed.values()} | {self.evaluating_node(recipe, search)}
        for node in dead:
            self.slurm.kill_node(node)
        for job, (out, node) in doomed.items():
            with self.subTest(node=node):
                self.restarts_once(job)
                self.completes(job, 40, out=out)
                self.assertTrue(self.was_resumed(out))
                self.assertNotIn(node, self.nodes_of(job))
        self.restarts_once(search)
        self.ends_as(expected, search, found)
        self.continued(recipe, search, 3)
        self.nothing_is_left()

    def evaluating_node(self, recipe, job):
        """Where a candidate waits for an answer, and not the batch script."""
        batch_host = self.slurm.job(job)[0]["BatchHost"]
        return next(node for number, node in self.asked(recipe, job) if number >= 3 and node != batch_host)

    def restarts_once(self, job):
        self.slurm.wait_for(lambda: self.slurm.job(job)[0]["Restarts"] == "1", 90, f"restart of job {job}")

    def nodes_of(self, job):
        return self.slurm.command("scontrol", "show", "hostnames", self.slurm.job(job)[0]["NodeList"]).split()


if __name__ == "__main__":
    slurm_case.main()
