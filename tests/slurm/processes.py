"""Processes as /proc shows them."""

import os
import pathlib
import signal


def parents():
    """Process id -> its parent's, of all processes that /proc shows."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(folder.name)] = int(fields[1])
    return found


def descendants(ancestor):
    """Ids of all living processes below `ancestor`."""
    children = {}
    for process, parent in parents().items():
        children.setdefault(parent, []).append(process)
    found, front = [], [ancestor]
    while front:
        front = [child for process in front for child in children.get(process, [])]
        found += front
    return found


def kill(process):
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass
