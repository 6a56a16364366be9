"""A Slurm of its own on this host: one controller and several node daemons on loopback, run by whoever runs the test,
with all state in one folder. It authenticates nobody (auth/none), so it must never be reachable from elsewhere.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from processes import descendants, kill

PROGRAMS = ("slurmctld", "slurmd", "srun", "sbatch", "scontrol", "scancel", "sinfo")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"])
CPUS_PER_NODE = 4
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# Intervals are short because tests wait for them: a requeued job waits for cred_expire (at least 5), a silent node is
# given up some time after SlurmdTimeout, what ignores SIGTERM gets KillWait.
CONFIGURATION = """
ClusterName=stockpot
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdSpoolDir={folder}/spool-%n
TmpFS={folder}/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=10
SlurmdTimeout=4
KillWait=3
CompleteWait=0
EpilogMsgTime=0
MinJobAge=600
JobRequeue=1
SlurmdParameters=config_overrides
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def find(program):
    return shutil.which(program, path=PATH)


def missing():
    """What this host lacks for a cluster, in words; empty if nothing."""
    absent = [name for name in PROGRAMS if not find(name)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    try:
        ctypes.CDLL("libpmix.so")  # by this name, which only the package for developers has
    except OSError:
        return "Slurm's PMIx plugin finds no libpmix.so"
    return ""


def free_ports(count):
    """Ports of loopback that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


class Cluster:
    """Start it, submit to it, stop it. Whatever its daemons have started dies with it: orphans become this process's
    children, and `stop` kills all that descends from it. The daemons die with this process even when it is killed."""

    def __init__(self, folder, environment, nodes):
        self.folder = pathlib.Path(folder)
        self.nodes = [f"n{number + 1}" for number in range(nodes)]
        self.daemons = {}
        self.started = None
        self.libc = ctypes.CDLL(None, use_errno=True)
        if self.libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "can't become the parent of orphans")
        self.environment = {
            **{key: value for key, value in environment.items() if not key.startswith(("SLURM", "SBATCH", "SRUN"))},
            "PATH": PATH,
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            # Nodes on one host would share one another's memory segments, which are named after host and local rank.
            "OMPI_MCA_btl": "self,tcp",
            "OMPI_MCA_btl_tcp_if_include": "lo",
            # On a busy host the default, by trees, now and then lets a rank leave MPI_Init while another is within it.
            "SLURM_PMIX_FENCE": "ring",
        }

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_configuration()
        self.started = time.monotonic()
        self.spawn("slurmctld", "slurmctld", "-D")
        for node in self.nodes:
            self.start_node(node)
        self.wait_for(lambda: self.node_states() == {node: "idle" for node in self.nodes}, 30, "nodes that are idle")

    def write_configuration(self):
        host = socket.gethostname().partition(".")[0]
        controller_port, *ports = free_ports(1 + len(self.nodes))
        nodes = []
        for node, port in zip(self.nodes, ports):
            nodes.append(
                f"NodeName={node} NodeHostName={host} NodeAddr=127.0.0.1 Port={port} "
                f"CPUs={CPUS_PER_NODE} RealMemory=1000"
            )
            for kind in ("spool", "tmp"):
                (self.folder / f"{kind}-{node}").mkdir()
        (self.folder / "state").mkdir()
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=host,
                controller_port=controller_port,
                user=os.getuid(),
                folder=self.folder,
                nodes="\n".join(nodes),
            )
        )

    def spawn(self, name, *words):
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                [find(words[0]), *words[1:]],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=lambda: self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
            )

    def start_node(self, node):
        self.spawn(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node):
        """As if the machine had lost its power: the daemon, its steps and their tasks at once."""
        daemon = self.daemons.pop(node)
        for process in [daemon.pid, *self.processes_on(node)]:
            kill(process)
        daemon.wait()

    def processes_on(self, node):
        """Steps, which are no children of the daemon but write into its log, and their tasks."""
        return [process for process in descendants(os.getpid()) if self.node_of(process) == node]

    def node_of(self, process):
        """None for what runs on no node, or is gone."""
        folder = pathlib.Path(f"/proc/{process}")
        try:
            for entry in (folder / "environ").read_bytes().split(b"\0"):
                if entry.startswith(b"SLURMD_NODENAME="):
                    return entry.partition(b"=")[2].decode()
            opened = {os.readlink(file) for file in (folder / "fd").iterdir()}
        except OSError:
            return None
        return next((node for node in self.nodes if f"{self.folder}/slurmd-{node}.log" in opened), None)

    def stop(self):
        """Also after a failed start. Kills in rounds, as a process may start another while it is looked at."""
        for _ in range(100):
            doomed = descendants(os.getpid())
            for process in doomed:
                kill(process)
            try:
                while os.waitpid(-1, os.WNOHANG)[0] != 0:
                    pass
            except ChildProcessError:
                break
            time.sleep(0.05)
        for daemon in self.daemons.values():
            daemon.poll()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Asking it ---------------------------------------------------------------------------------------------------

    def command(self, *words, check=True):
        """Standard output of one of Slurm's programs."""
        done = subprocess.run(
            [find(words[0]), *map(str, words[1:])],
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.logs()}")
        return done.stdout

    def node_states(self):
        """Node -> state; empty while the controller does not answer."""
        lines = self.command("sinfo", "-h", "-N", "-o", "%N %T", check=False).splitlines()
        return dict(line.split() for line in lines)

    def job(self, job):
        """What `scontrol show job` says, one dictionary for each task of an array."""
        records = []
        for line in self.command("scontrol", "-o", "show", "job", job).splitlines():
            records.append(dict(word.partition("=")[::2] for word in line.split() if "=" in word))
        return records

    def state(self, job):
        """The state that all of a job's tasks share, else the states with blanks between them."""
        return " ".join(sorted({record["JobState"] for record in self.job(job)}))

    def submit(self, script, *arguments, options=(), environment=None, folder=None):
        """Id of the job."""
        done = subprocess.run(
            [find("sbatch"), "--parsable", *options, str(script), *map(str, arguments)],
            env={**self.environment, **(environment or {})},
            text=True,
            capture_output=True,
            check=False,
            cwd=folder or self.folder,
            timeout=60,
        )
        if done.returncode != 0:
            raise AssertionError(f"sbatch: exit {done.returncode}\n{done.stderr}\n{self.logs()}")
        return done.stdout.strip().partition(";")[0]

    def wait_for(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} within {seconds} s\n{self.logs()}")
            time.sleep(0.1)

    def logs(self):
        """The last lines that each daemon wrote."""
        text = []
        for path in sorted([*self.folder.glob("*.log"), *self.folder.glob("*.out")]):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            text.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(text)
