"""What the tests of the command line share: running the program with and without mpirun, and making checkpoints.

Each script is `NAME_test.py STOCKPOT MPIEXEC [unittest arguments]`; an empty MPIEXEC leaves out what needs several
ranks. Standard library only.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

USAGE, INPUT, SYSTEM_IO, VERIFICATION, COMMUNICATION, STOPPED = 2, 3, 4, 5, 6, 75
SECONDS_TO_FAIL = 5.0

stockpot = None
mpiexec = None

LAUNCHER_PREFIXES = ("OMPI_", "PMI", "SLURM_", "STOCKPOT_")
MPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
}


@dataclasses.dataclass
class Result:
    code: int
    out: str
    err: str
    seconds: float

    @property
    def failures(self):
        """Lines in which the program says why it gives up."""
        return [line for line in self.err.splitlines() if line.startswith("stockpot: ") and not self.is_warning(line)]

    @property
    def details(self):
        """Lines that list several problems below the one that says how many."""
        return [line for line in self.err.splitlines() if line.startswith("  ")]

    @property
    def warnings(self):
        return [line for line in self.err.splitlines() if self.is_warning(line)]

    @staticmethod
    def is_warning(line):
        return line.startswith("stockpot: warning: ")


def clean_environment(extra=None):
    """This process's environment without what a launcher or an outer test left in it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(LAUNCHER_PREFIXES)}
    return {**kept, **MPI_ENVIRONMENT, **(extra or {})}


def command(arguments, ranks=None):
    """The command line of a plain process (ranks None) or of a job under mpirun."""
    words = [str(stockpot), *map(str, arguments)]
    if ranks is None:
        return words
    return [mpiexec, "-n", str(ranks), "--oversubscribe", "--bind-to", "none", *words]


def start(arguments, ranks=None, env=None, **how):
    return subprocess.Popen(
        command(arguments, ranks),
        env=clean_environment(env),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        **how,
    )


def finish(process, timeout=120.0):
    """Waits; a job that hangs is killed with all its ranks and fails the test."""
    begin = time.monotonic()
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"no end after {timeout} s: {process.args}\n{out}\n{err}") from None
    return Result(process.returncode, out, err, time.monotonic() - begin)


def run(arguments, ranks=None, env=None, timeout=120.0, **how):
    begin = time.monotonic()
    result = finish(start(arguments, ranks, env, **how), timeout)
    return dataclasses.replace(result, seconds=time.monotonic() - begin)


def rank_counts(*counts):
    """Those that can be run here; None is a plain process."""
    return [count for count in counts if count is None or mpiexec]


def ranks_of(marker):
    """Process ids of the program's processes whose command line holds `marker`."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == os.fsencode(stockpot) and os.fsencode(marker) in words:
            found.append(int(folder.name))
    return sorted(found)


# Checkpoints -----------------------------------------------------------------------------------------------------


def safetensors(tensors, metadata=("format", "pt")):
    """Bytes of a file that holds `tensors`, {name: (dtype, shape, bytes)}, in their order."""
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = {metadata[0]: metadata[1]}
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    return framed(text + b" " * (-len(text) % 8)) + b"".join(data for _, _, data in tensors.values())


def framed(header):
    return struct.pack("<Q", len(header)) + header


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def random_bf16(generator, count):
    """`count` finite bfloat16 values of about the size of weights, as bytes."""
    exponents = [(0x3C00 + 0x80 * e) for e in range(4)]
    words = [
        generator.choice(exponents) | generator.getrandbits(7) | (generator.getrandbits(1) << 15) for _ in range(4096)
    ]
    block = struct.pack("<4096H", *words)
    data = bytearray()
    while len(data) < 2 * count:
        cut = 2 * generator.randrange(4096)
        data += block[cut:] + block[:cut]
    return bytes(data[: 2 * count])


def llama_like(seed, layers=3, hidden=64, inner=160, vocabulary=128):
    """Tensors, named and shaped as a small Llama's, with an integer buffer that is the same in every model."""
    generator = random.Random(seed)
    shapes = {"model.embed_tokens.weight": [vocabulary, hidden]}
    for layer in range(layers):
        at = f"model.layers.{layer}"
        shapes[f"{at}.self_attn.q_proj.weight"] = [hidden, hidden]
        shapes[f"{at}.mlp.up_proj.weight"] = [inner, hidden]
        shapes[f"{at}.mlp.down_proj.weight"] = [hidden, inner]
        shapes[f"{at}.input_layernorm.weight"] = [hidden]
    shapes["model.norm.weight"] = [hidden]
    shapes["lm_head.weight"] = [vocabulary, hidden]
    tensors = {}
    for name, shape in shapes.items():
        count = 1
        for extent in shape:
            count *= extent
        tensors[name] = ("BF16", shape, random_bf16(generator, count))
    tensors["model.position_ids"] = ("I64", [4], struct.pack("<4q", 0, 1, 2, 3))
    return tensors


def write_model(folder, tensors, shards=1, config=True):
    """A Hugging Face folder; several shards come with an index."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    if config:
        (folder / "config.json").write_text(json.dumps({"model_type": "llama", "torch_dtype": "bfloat16"}))
    if shards == 1:
        (folder / "model.safetensors").write_bytes(safetensors(tensors))
        return folder
    names = list(tensors)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        mine = {name: tensors[name] for name in names[shard::shards]}
        (folder / file).write_bytes(safetensors(mine))
        weight_map.update({name: file for name in mine})
    index = {"metadata": {"total_size": sum(len(data) for _, _, data in tensors.values())}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def linear_recipe(*models, **top):
    """A mean of the models, as recipe text; keys beside it as they are given."""
    lines = ["merge_method: linear", "models:"]
    for number, model in enumerate(models):
        lines.append(f"  - {{model: {json.dumps(str(model))}, parameters: {{weight: {number + 1}}}}}")
    return "\n".join(lines + [f"{key}: {json.dumps(value)}" for key, value in top.items()]) + "\n"


def digests(folder, but=("stockpot_run.json",)):
    """File name -> SHA-256 of every file of a folder, but those that may differ from run to run."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and path.name not in but:
            with path.open("rb") as file:
                found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


class Case(unittest.TestCase):
    """A test with a scratch folder of its own."""

    maxDiff = None

    def setUp(self):
        self.scratch = self.new_scratch()
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.out = self.scratch / "out"

    @staticmethod
    def new_scratch():
        folder = pathlib.Path(tempfile.mkdtemp(prefix="stockpot-cli-"))
        folder.chmod(0o755)
        return folder

    def write_recipe(self, text, name="recipe.yml"):
        path = self.scratch / name
        path.write_text(text)
        return path

    def succeeds(self, arguments, ranks=None, **how):
        result = run(arguments, ranks, **how)
        self.assertEqual(result.code, 0, f"{arguments}\n{result.out}\n{result.err}")
        return result

    def merges(self, recipe, *options, out=None, ranks=None, **how):
        """Merges without waiting for the disk; returns the result."""
        return self.succeeds(
            ["merge", recipe, out or self.out, "--durability", "none", "--progress", "none", *options], ranks, **how
        )

    def wait_for_output(self, process, ranks=None):
        """Until the job works; ids of its processes."""
        while True:
            pids = ranks_of(self.out)
            self.assertIsNone(process.poll(), "ended early")
            if len(pids) == (ranks or 1) and (self.scratch / ".out.partial" / "model.safetensors").exists():
                return pids
            time.sleep(0.005)

    def refuses(self, code, arguments, words=(), ranks=None, **how):
        """The program gives up within seconds with this code and says why: one line of its own, several problems listed
        below it, that hold all the words, case aside. Nothing else comes out of it."""
        result = run(arguments, ranks, timeout=60.0, **how)
        shown = f"{[str(a) for a in arguments]} at {ranks} ranks: exit {result.code}\n{result.out}\n{result.err}"
        self.assertEqual(result.code, code, shown)
        self.assertLess(result.seconds, SECONDS_TO_FAIL, shown)
        self.assertEqual(result.out, "", shown)
        self.assertEqual(len(result.failures), 1, shown)
        if ranks is None:
            self.assertEqual(result.err.splitlines(), result.warnings + result.failures + result.details, shown)
        said = "\n".join(result.failures + result.details).lower()
        for word in words:
            self.assertIn(str(word).lower(), said, shown)
        return result

    def leaves_nothing(self, out=None):
        """Neither an output nor anything of one beside it."""
        out = pathlib.Path(out or self.out)
        beside = [path.name for path in out.parent.iterdir() if out.name in path.name] if out.parent.is_dir() else []
        self.assertEqual(beside, [])

    def refuses_merge(self, code, recipe_text, words=(), options=(), counts=(None, 3), **how):
        """As `refuses`, at every rank count, for a merge that must leave nothing behind."""
        recipe = self.write_recipe(recipe_text)
        for ranks in rank_counts(*counts):
            with self.subTest(ranks=ranks):
                self.refuses(code, ["merge", recipe, self.out, "--progress", "none", *options], words, ranks, **how)
                self.leaves_nothing()


def main():
    global stockpot, mpiexec
    stockpot = pathlib.Path(sys.argv[1]).resolve()
    mpiexec = sys.argv[2] or None
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
