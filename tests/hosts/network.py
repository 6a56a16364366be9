"""Several hosts on this machine: network namespaces that veth pairs join to a bridge. Each has its own address, host
name and mounts. Everything lives in namespaces of the test process itself (`enter`), so the kernel clears it all away
when that process ends, however it ends, and the machine's own network never sees any of it.
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import relay
from processes import descendants, kill

PROGRAMS = ("ip", "unshare", "nsenter", "mount", "hostname")
PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
INSIDE = "STOCKPOT_INSIDE_NAMESPACES"
NETWORK = "10.77.0.0/24"
BRIDGE = "switch"
PR_SET_PDEATHSIG = 1

# What a host does first: its name, its disk as `local`, nobody else's disk, folders of its own for what launchers and
# MPI leave behind (under names made of the host's and of process ids, of which each network has the same), and one line
# when all this is done.
START_HOST = """
set -e
hostname "$1"
mount --bind "$2/disks/$1" "$2/local"
mount -t tmpfs -o size=1m none "$2/disks"
mount -t tmpfs none "$2/tmp"
mount -t tmpfs none /dev/shm
echo ready
exec sleep infinity
"""

# Stands in for ssh: HOST COMMAND..., of which the other side knows no environment.
LAUNCH_AGENT = """#!/bin/sh
process=$(cat "{folder}/$1.process") || exit 255
shift
exec nsenter --target "$process" --net --uts --mount env -i PATH="$PATH" HOME="$HOME" sh -c "$*"
"""


def namespace_command():
    """A prefix that runs a command as root of namespaces of its own, which end with it; for anybody."""
    users = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *users, "--net", "--mount", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]


def missing():
    """What this machine lacks for a network, in words; empty if nothing."""
    os.environ["PATH"] = PATH
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        return f"not installed: {', '.join(absent)}"
    trial = (
        "mount -t tmpfs none /tmp && ip link add switch type bridge && ip link add one type veth peer name other"
        " && exec unshare --net --uts --mount hostname h1"
    )
    done = subprocess.run(
        [*namespace_command(), "sh", "-c", trial], text=True, capture_output=True, check=False, timeout=30
    )
    return f"not allowed here: {done.stderr.strip()}" if done.returncode != 0 else ""


def is_inside():
    return bool(os.environ.get(INSIDE))


def die_with_parent():
    """To be called between fork and exec."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def enter():
    """Runs this script again in namespaces of its own and exits as it does, unless it runs in them already."""
    if is_inside():
        return
    command = [*namespace_command(), sys.executable, *sys.argv]
    inner = subprocess.Popen(command, env={**os.environ, INSIDE: "1"}, preexec_fn=die_with_parent)
    signal.signal(signal.SIGTERM, lambda *_: inner.kill())  # which itself ignores a polite request
    sys.exit(inner.wait())


def ip(*words):
    done = subprocess.run(["ip", *map(str, words)], text=True, capture_output=True, check=False, timeout=30)
    if done.returncode != 0:
        raise AssertionError(f"ip {words}: {done.stderr}")
    return done.stdout


class Network:
    """Hosts h1, h2, ... and the switch between them, which is this process's own network namespace.

    A host sees FOLDER/local, its own disk, which others see as FOLDER/disks/HOST from outside the hosts only.
    """

    def __init__(self, folder, count):
        self.folder = pathlib.Path(folder)
        self.hosts = [f"h{number + 1}" for number in range(count)]
        self.agent = self.folder / "launch_agent"
        self.processes = {}

    def start(self):
        for name in ("local", "tmp"):
            (self.folder / name).mkdir(parents=True)
        self.agent.write_text(LAUNCH_AGENT.format(folder=self.folder))
        self.agent.chmod(0o755)
        names = self.folder / "hosts"
        addresses = {host: f"10.77.0.{number + 1}" for number, host in enumerate(self.hosts)}
        names.write_text("127.0.0.1 localhost\n" + "".join(f"{at} {host}\n" for host, at in addresses.items()))
        subprocess.run(["mount", "--bind", str(names), "/etc/hosts"], check=True)
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("link", "set", BRIDGE, "up")
        for host, address in addresses.items():
            self.start_host(host, address)

    def disk(self, host):
        return self.folder / "disks" / host

    def start_host(self, host, address):
        self.disk(host).mkdir(parents=True)
        process = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "sh", "-c", START_HOST, "sh", host, str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        with process.stdout:
            if process.stdout.readline() != "ready\n":
                raise AssertionError(f"host {host} did not start")
        self.processes[host] = process
        (self.folder / f"{host}.process").write_text(str(process.pid))
        ip("link", "add", self.link(host), "type", "veth", "peer", "name", "eth0", "netns", process.pid)
        ip("link", "set", self.link(host), "master", BRIDGE, "up")
        for words in (f"addr add {address}/24 dev eth0", "link set eth0 up", "link set lo up"):
            subprocess.run([*self.inside(host), "ip", *words.split()], check=True, timeout=30)

    def inside(self, host):
        """A prefix that runs a command on a host."""
        return ["nsenter", "--target", str(self.processes[host].pid), "--net", "--uts", "--mount"]

    def processes_on(self, host):
        """All but the one that keeps the host alive."""
        keeper = self.processes[host].pid
        name = os.readlink(f"/proc/{keeper}/ns/uts")
        found = []
        for process in descendants(os.getpid()):
            try:
                if process != keeper and os.readlink(f"/proc/{process}/ns/uts") == name:
                    found.append(process)
            except OSError:
                continue
        return found

    def kill_processes(self, host):
        """All that runs on a host at once, as if it had lost its power; the host can be used again."""
        while found := self.processes_on(host):
            for process in found:
                kill(process)
            time.sleep(0.01)

    def stop(self):
        """Also after a failed start."""
        for process in descendants(os.getpid()):
            kill(process)
        for process in self.processes.values():
            process.wait()
        subprocess.run(["umount", "/etc/hosts"], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False, capture_output=True)

    # Links -------------------------------------------------------------------------------------------------------

    @staticmethod
    def link(host):
        """The switch's end of a host's cable."""
        return f"to-{host}"

    def sent_bytes(self):
        """Host -> what has come from it through its cable so far."""
        shown = {link["ifname"]: link for link in json.loads(ip("-j", "-s", "link", "show"))}
        return {host: shown[self.link(host)]["stats64"]["rx"]["bytes"] for host in self.hosts}

    def unplug(self, host):
        """Both ends believe that they are connected, and nothing arrives."""
        ip("link", "set", self.link(host), "nomaster")

    def plug_in(self, host):
        ip("link", "set", self.link(host), "master", BRIDGE)

    def switch_off(self, host):
        """The host's own interface goes down: it knows that it is alone, the others don't."""
        self.switch(host, "down")

    def switch_on(self, host):
        self.switch(host, "up")

    def switch(self, host, state):
        words = ["ip", "link", "set", "eth0", state]
        subprocess.run([*self.inside(host), *words], check=True, timeout=30)

    def slow_down(self, host, bits_per_second, delay_seconds):
        """A context manager: while it lasts, the host's link has this rate and delay in either direction."""
        return relay.SlowLink(self.link(host), BRIDGE, ip, bits_per_second, delay_seconds)
