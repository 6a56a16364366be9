"""An evaluator for searches on a cluster: `soup_program.py FOLDER CHECKPOINT`. Notes candidate, job and node in
FOLDER/asked.log and scores as tests/cli/soup_evaluator.py does, by FOLDER/table.json, which may also say

hold      candidates from this number on get no answer before their job was restarted
hang      candidates that get none at all, from a program with a child
fail      candidates for which it fails
seconds   that each answer takes in a job
stockpot  the program: run it by itself, under mpirun and under srun, on the candidate
"""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cli"))
import soup_evaluator

LAUNCHER = ("OMPI_COMM_", "OMPI_MCA_", "PMIX_", "PMI_", "ORTE_", "SLURM_STEP", "SLURM_PROCID", "SLURM_NTASKS")


def note(folder, name, *words):
    with (folder / name).open("a") as log:
        log.write(" ".join(map(str, words)) + "\n")


def run(*words):
    done = subprocess.run(words, text=True, capture_output=True, check=False, timeout=30)
    if done.returncode != 0:
        sys.exit(f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def start_programs(stockpot, checkpoint):
    """As an evaluator that computes in parallel would: none of them may think that it is one of the search's ranks."""
    left = [name for name in os.environ if name.startswith(LAUNCHER)]
    if left:
        sys.exit(f"in the environment: {left}")
    alone = run(stockpot, "inspect", checkpoint, "--json")
    ranks = ("mpirun", "-n", "2", "--oversubscribe", "--bind-to", "none")
    if run(*ranks, stockpot, "inspect", checkpoint, "--json") != alone:
        sys.exit("another answer under mpirun")
    node = os.environ["SLURMD_NODENAME"]
    where = run("srun", "--overlap", "--nodes=1", "--ntasks=1", f"--nodelist={node}", "printenv", "SLURMD_NODENAME")
    if where.strip() != node:
        sys.exit(f"srun started on {where}")


def main():
    folder, checkpoint = pathlib.Path(sys.argv[1]), sys.argv[-1]
    table = json.loads((folder / "table.json").read_text())
    candidate, job = int(os.environ["STOCKPOT_CANDIDATE"]), os.environ.get("SLURM_JOB_ID", "none")
    note(folder, "asked.log", candidate, job, os.environ.get("SLURMD_NODENAME", "here"))
    if job != "none":
        time.sleep(table.get("seconds", 0.0))
        if candidate >= table.get("hold", candidate + 1) and os.environ.get("SLURM_RESTART_COUNT", "0") == "0":
            time.sleep(600)
        if "stockpot" in table:
            start_programs(table["stockpot"], checkpoint)
    if candidate in table.get("hang", []):
        child = subprocess.Popen(["sleep", "600"])
        note(folder, "hanging.log", os.getpid(), child.pid)
        child.wait()
    if candidate in table.get("fail", []):
        sys.exit(7)
    print(json.dumps({"accuracy": soup_evaluator.score(table, soup_evaluator.element(checkpoint))}))


if __name__ == "__main__":
    main()
