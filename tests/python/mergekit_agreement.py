"""mergekit_agreement.py SCRATCH STOCKPOT MAKE_CHECKPOINTS

Merges tiny Llama checkpoints with mergekit 0.1.5 and compares with the golden oracle and with the program itself, for
every method that both have: float32 to 1e-6 of a tensor's largest value, bfloat16 within one rounding. Elements that
the oracle moves when its inputs are a little off are left out: there a threshold, a rank or a sign decides.
"""

import importlib.metadata
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
try:
    import numpy as np
    import torch
    from safetensors import safe_open

    if importlib.metadata.version("mergekit") != "0.1.5":
        raise ImportError("mergekit is not version 0.1.5")
    import run_mergekit
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from oracle.cases import Case  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

FOLDERS = {
    "base": "anchor", "a": "model-1", "b": "model-2", "c": "model-3",
    "other": "other/model-1",  # another anchor
    "near_a": "near-1", "near_b": "near-2",  # hardly changed
}
TYPES = {"F32": "float32", "BF16": "bfloat16"}
SMALL = ("--preset", "tiny", "--layers", 2, "--hidden", 32, "--intermediate", 88, "--vocab", 160)
TOLERANCE = 1e-6
UNSETTLED_SHARE = 0.01  # of a model's elements, at most
# Relative error of an input that stands for mergekit's rounding to float32. Arcee Fusion's divergences are sums of
# terms that nearly cancel.
INPUT_ERROR = {"arcee_fusion": 3e-4}
USUAL_INPUT_ERROR = 3e-7
# Task vectors of bfloat16 models have many equal magnitudes, and sums that are zero: mergekit takes any of the former,
# and rounding gives the latter a sign. Merged to bfloat16 from float32.
RANKED = ("ties", "dare_ties", "breadcrumbs", "breadcrumbs_ties", "della", "sce", "arcee_fusion")

# Cases in which mergekit is off, and why. That it still is off is checked too.
DEFECTS = {
    "model_stock hardly_changed": "takes products of norms as 1e-6 at least: short task vectors seem orthogonal",
}


def weights(*values, **others):
    return {"weight": list(values), **others}


def cases():
    """Of methods with random numbers only what does not hang on them; see `check_random`."""
    two, three = weights(0.6, 0.9), weights(0.5, 0.3, 0.7)
    half = weights(0.5, 0.3, 0.7, density=[0.5, 0.3, 0.8])
    anchored = {"base": "base"}
    a = {"base": "a", "lists_base": True}
    return [
        Case("linear", "", "abc", {}, three),
        Case("linear", "sum", "abc", {"normalize": False}, weights(0.6, 1.2, -0.3)),
        Case("task_arithmetic", "", "abc", {"lambda": 0.8}, weights(1.0, 0.5, -0.3), **anchored),
        Case("passthrough", "", "a", {}, {"scale": [0.85]}),
        Case("slerp", "", "b", {"t": 0.3}, **a),
        Case("slerp", "beyond", "b", {"t": 1.4}, **a),
        Case("slerp", "apart", "a", {"t": 0.3}, base="other"),
        Case("nuslerp", "", "ab", {}, two),
        Case("nuslerp", "anchor", "ab", {}, two, **anchored),
        Case("nuslerp", "rows", "ab", {"nuslerp_flatten": False}, two, **anchored),
        Case("nuslerp", "columns", "ab", {"nuslerp_flatten": False, "nuslerp_row_wise": True}, two, **anchored),
        Case("multislerp", "", "abc", {}, three),
        Case("multislerp", "anchor", "abc", {}, three, **anchored),
        Case("karcher", "", "abc"),
        Case("model_stock", "", "abc", **anchored),
        Case("model_stock", "two", "ab", **anchored),
        Case("model_stock", "hardly_changed", ["near_a", "near_b"], **anchored),
        Case("model_stock", "rows", "abc", {"filter_wise": True}, **anchored),
        Case("ties", "", "abc", {}, half, **anchored),
        Case("ties", "sum", "abc", {"normalize": False, "lambda": 0.5, "rescale": True}, half, **anchored),
        Case("dare_linear", "all", "abc", {}, three, **anchored),
        Case("dare_ties", "all", "abc", {}, three, **anchored),
        Case("breadcrumbs", "", "abc", {}, half, **anchored),
        Case("breadcrumbs", "outliers", "abc", {"rescale": True}, {**half, "gamma": [0.2, 0.3, 0.1]}, **anchored),
        Case("breadcrumbs_ties", "", "abc", {"normalize": True}, half, **anchored),
        Case("della", "all", "abc", {}, three, **anchored),
        Case("della_linear", "all", "abc", {}, three, **anchored),
        Case("sce", "", "abc", **anchored),
        Case("sce", "selected", "abc", {"select_topk": 0.4}, **anchored),
        Case("ram", "", "abc", **anchored),
        Case("ram", "some", "abc", {"epsilon": 0.001}, **anchored),
        Case("ramplus_tl", "", "abc", {"epsilon": 0.001, "r": 0.5, "alpha": 1.5}, **anchored),
        Case("nearswap", "", "a", {"t": 0.001}, **anchored),
        Case("arcee_fusion", "", "a", base="other"),
    ]


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def read_model(folder):
    """Tensor -> (type, float64 values)."""
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as shard:
            for name in shard.keys():
                values = shard.get_tensor(name)
                dtype = {torch.float32: "F32", torch.bfloat16: "BF16"}[values.dtype]
                tensors[name] = (dtype, values.double().numpy())
    return tensors


def write_near(folder, anchor, model):
    """The anchor with a thousandth of the model's changes."""
    shutil.copytree(anchor, folder)
    for file in anchor.glob("*.safetensors"):
        base, changed = load_file(file), load_file(model / file.name)
        near = {name: base[name] + (changed[name] - base[name]) / 1024.0 for name in base}
        save_file(near, folder / file.name, {"format": "pt"})


def varied(models, error, seed):
    random = np.random.Generator(np.random.Philox(seed))

    def moved(values):
        return values * (1.0 + error * random.choice([-1.0, 1.0], values.shape))

    return {
        name: {tensor: (dtype, moved(values)) for tensor, (dtype, values) in model.items()}
        for name, model in models.items()
    }


class Agreement:
    """Both programs on checkpoints of type `stored`, merged into checkpoints of type `written`."""

    def __init__(self, scratch, stockpot, stored, written):
        self.scratch, self.stockpot, self.stored, self.written = scratch, stockpot, stored, written
        self.models = {letter: read_model(scratch / stored / folder) for letter, folder in FOLDERS.items()}
        self.ours = set(re.findall(r"^\| `(\w+)` \|", run(stockpot, "merge", "--methods"), re.MULTILINE))
        self.failures = []

    def recipe(self, case):
        def folder(match):
            return str(self.scratch / self.stored / FOLDERS[match.group(1)])

        text = re.sub(r"MODELS/(\w+)\.safetensors", folder, case.recipe())
        return f"{text}dtype: float32\nout_dtype: {TYPES[self.written]}\n"

    def outputs(self, case):
        """mergekit's tensors, and ours (None where the program lacks the method)."""
        recipe, theirs = self.recipe(case), self.scratch / "mergekit"
        shutil.rmtree(theirs, ignore_errors=True)
        run_mergekit.merge(recipe, theirs)
        if case.method not in self.ours:
            return read_model(theirs), None
        path, out = self.scratch / "recipe.yml", self.scratch / "stockpot"
        path.write_text(recipe)
        run(self.stockpot, "merge", path, out, "--overwrite", "--progress", "none", "--durability", "none")
        return read_model(theirs), read_model(out)

    def allowed(self, expected):
        """Largest difference from an expected tensor."""
        rounding = 2.0**-7 * np.abs(expected) if self.written == "BF16" else 0.0
        return TOLERANCE * np.max(np.abs(expected)) + rounding

    def settled(self, case, expected):
        """Tensor -> mask of the elements that follow smoothly from the inputs."""
        error = INPUT_ERROR.get(case.method, USUAL_INPUT_ERROR)
        moved = [case.merged(varied(self.models, error, seed)) for seed in range(4)]
        masks = {}
        for name, (_, values) in expected.items():
            smooth = 2.0 * self.allowed(values) + 4.0 * error * np.max(np.abs(values))
            masks[name] = np.all([np.abs(other[name][1] - values) <= smooth for other in moved], axis=0)
        return masks

    def check(self, case):
        case.set = ""
        expected = case.merged(self.models)
        settled = self.settled(case, expected)
        theirs, ours = self.outputs(case)
        unsettled, elements, failures = 0, 0, []
        for name, (_, values) in expected.items():
            unsettled += int(np.sum(~settled[name]))
            elements += values.size
            for who, others in [("the oracle", values)] + ([("stockpot", ours[name][1])] if ours else []):
                differences = np.abs(theirs[name][1] - others)
                off = int(np.sum(settled[name] & ~(differences <= self.allowed(values))))
                if off:
                    largest = np.max(differences[settled[name]]) / np.max(np.abs(values))
                    failures.append(f"{name}: {off} of {values.size} elements of {who} differ, by up to {largest:.2e}")
        if unsettled > UNSETTLED_SHARE * elements:
            failures.append(f"{unsettled} of {elements} elements are near a threshold: too many to say anything")
        if f"{case.method} {case.name}" in DEFECTS:
            failures = [] if failures else ["mergekit agrees, though it is listed among its defects"]
        for failure in failures:
            self.fails(case, failure)
        compared = "mergekit, oracle" + (", stockpot" if ours else "")
        print(f"{self.stored} to {self.written}: {case.method} {case.name}: {compared}; {unsettled} elements left out")

    def check_random(self, method):
        """One task vector, half of it kept: as many changed elements as independent draws give, and its L1 norm."""
        case = Case(method, "half", "a", {"normalize": False}, weights(1.0, density=[0.5]), base="base", set="")
        theirs, ours = self.outputs(case)
        outputs = {"mergekit": theirs, "the oracle": case.merged(self.models)} | ({"stockpot": ours} if ours else {})
        for name, (_, base) in self.models["base"].items():
            delta = self.models["a"][name][1] - base
            length, of = np.sum(np.abs(delta)), np.count_nonzero(delta)
            for who, output in outputs.items():
                change = output[name][1] - base
                kept, scaled = np.count_nonzero(change), np.sum(np.abs(change))
                if abs(kept - 0.5 * of) > 5.0 * np.sqrt(0.25 * of):
                    self.fails(case, f"{name}: {who} keeps {kept} of {of}")
                if abs(scaled - length) > 1e-4 * length:
                    self.fails(case, f"{name}: {who} has the L1 norm {scaled} in place of {length}")

    def fails(self, case, message):
        self.failures.append(f"{self.stored} to {self.written}: {case.method} {case.name}: {message}")


def main():
    scratch, stockpot, make_checkpoints = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for dtype, name in TYPES.items():
        run(make_checkpoints, *SMALL, "--dtype", name, "--models", 3, "--out", scratch / dtype)
        run(make_checkpoints, *SMALL, "--dtype", name, "--models", 1, "--seed", 1, "--out", scratch / dtype / "other")
        for number in (1, 2):
            folder = scratch / dtype
            write_near(folder / f"near-{number}", folder / "anchor", folder / f"model-{number}")
    failures = []
    for stored, written in (("F32", "F32"), ("F32", "BF16"), ("BF16", "BF16")):
        agreement = Agreement(scratch, stockpot, stored, written)
        for case in cases():
            ranked, defect = case.method in RANKED, f"{case.method} {case.name}" in DEFECTS
            if written == "F32" or (ranked == (stored == "F32") and not defect):
                agreement.check(case)
        if written == "F32":
            for method in ("dare_linear", "dare_ties", "della", "della_linear"):
                agreement.check_random(method)
        failures += agreement.failures
    print("\n".join(failures) or "mergekit 0.1.5 agrees")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
