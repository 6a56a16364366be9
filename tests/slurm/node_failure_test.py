"""Nodes that die in the middle of a merge. Slurm finds out and queues the job again, and it goes on elsewhere."""

import slurm_case
import support


class NodeFailure(slurm_case.SlurmCase):
    node_count = 6

    @classmethod
    def tensors(cls, seed):
        return support.llama_like(seed, layers=8, hidden=320, inner=800)

    def test_dead_nodes(self):
        """Two jobs at once, as Slurm takes its time: one loses the node of its batch script, the other one another."""
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
        for _, node in doomed.values():
            self.slurm.kill_node(node)
        for job, (out, node) in doomed.items():
            with self.subTest(node=node):
                self.slurm.wait_for(lambda: self.slurm.job(job)[0]["Restarts"] == "1", 90, f"restart of job {job}")
                self.completes(job, 40, out=out)
                self.assertTrue(self.was_resumed(out))
                self.assertNotIn(node, self.nodes_of(job))

    def nodes_of(self, job):
        return self.slurm.command("scontrol", "show", "hostnames", self.slurm.job(job)[0]["NodeList"]).split()


if __name__ == "__main__":
    slurm_case.main()
