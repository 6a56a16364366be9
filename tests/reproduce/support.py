"""What the tests of short studies share: the program's path and mpiexec, and a way to run it."""

import os
import subprocess
import sys

REPRODUCE, MPIEXEC = sys.argv.pop(1), sys.argv.pop(1)
CLAIM_FAILS = 5


def run(*arguments, ranks=None):
    words = [REPRODUCE, *map(str, arguments)]
    if ranks:
        words = [MPIEXEC, "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *words]
    environment = {
        **os.environ,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_mpi_yield_when_idle": "1",
    }
    return subprocess.run(words, capture_output=True, text=True, timeout=100, env=environment, stdin=subprocess.DEVNULL)
