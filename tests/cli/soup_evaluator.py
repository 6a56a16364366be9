"""An evaluator as a user might write one: `soup_evaluator.py FOLDER [--worker | --constant SCORE] CHECKPOINT`. Scores
the first element of a checkpoint's `a.weight` by FOLDER/table.json, which may also have it misbehave."""

import hashlib
import json
import os
import pathlib
import signal
import struct
import sys
import time


def element(checkpoint):
    data = (pathlib.Path(checkpoint) / "model.safetensors").read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    begin, _ = header["a.weight"]["data_offsets"]
    assert (pathlib.Path(checkpoint) / "config.json").exists()
    return struct.unpack_from("<f", data, 8 + size + begin)[0]


def score(table, value):
    """A listed score, one of `levels` arbitrary ones, or the closeness to `peak`; None for a failure."""
    if "peak" in table:
        return None if value < table.get("failing_below", value) else -((value - table["peak"]) ** 2)
    if "levels" not in table:
        return table["scores"].get(repr(value))
    digest = hashlib.sha256(f"{table['seed']} {value!r}".encode()).digest()
    if digest[0] < 256 * table["failing"]:
        return None
    return int.from_bytes(digest[1:5], "little") % table["levels"] / table["levels"]


def misbehave(how, folder, value):
    if how == "exit once":
        before = folder / f"failed-{value!r}"
        if before.exists():
            return
        before.touch()
        sys.exit(7)
    if how == "exit":
        sys.exit(7)
    if how == "signal":
        os.kill(os.getpid(), signal.SIGSEGV)
    if how == "hang":
        time.sleep(600)
    if how == "garbage":
        print("no json at all")
        sys.exit(0)
    if how == "nan":
        print('{"accuracy": NaN}')
        sys.exit(0)


def note(folder, name, text):
    with (folder / name).open("a") as log:
        log.write(text + "\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    table = json.loads((folder / "table.json").read_text())
    if "--worker" in sys.argv:
        note(folder, "started.log", str(os.getpid()))
        for line in sys.stdin:
            asked = json.loads(line)
            note(folder, "asked.log", asked["split"])
            answer = {"candidate": asked["candidate"], "accuracy": score(table, element(asked["checkpoint"]))}
            print(json.dumps(answer), flush=True)
        return
    note(folder, "asked.log", os.environ["STOCKPOT_SPLIT"])
    if "--constant" in sys.argv:
        print(json.dumps({"accuracy": float(sys.argv[sys.argv.index("--constant") + 1])}))
        return
    value = element(sys.argv[-1])
    print("evaluating", value, os.environ["STOCKPOT_CANDIDATE"], file=sys.stderr)
    time.sleep(table.get("seconds", 0.0))
    misbehave(table.get("behaviours", {}).get(repr(value), ""), folder, value)
    found = score(table, value)
    if found is None:
        sys.exit(1)
    print("some words before")
    print(json.dumps({"accuracy": found, "more": "words"}))


if __name__ == "__main__":
    main()
