"""solves.py SCRATCH STOCKPOT MPIEXEC

Merges models with `regmean` and `mats` through the program, on several grids, and compares with NumPy and SciPy in
float64: solves to 1e-10, conjugate gradient iterates to 1e-8 after as many iterations. Statistics are written with
h5py, as other people's programs write them.
"""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

try:
    import h5py
    import numpy as np
    from safetensors.numpy import load_file, save_file
    from scipy.linalg import cho_factor, cho_solve
    from scipy.sparse.linalg import LinearOperator, cg
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

WEIGHTS = (1.0, 0.5, 2.0)
BASE = "base"
MODELS = ("a", "b", "c")
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1"}

# Module: (d_out, d_in, tokens). The long one is cut between ranks, the poor one has fewer tokens than inputs.
LAYERS = {
    "layers.0.fc": (70, 40, 200),
    "layers.0.dead": (9, 12, 50),
    "layers.0.q": (24, 40, 200),
    "layers.0.k": (24, 40, 200),
    "layers.0.poor": (11, 16, 4),
    "layers.0.attention.in_proj": (48, 16, 60),
    "layers.1.conv": (30, 20, 90),
    "layers.1.long": (4196, 256, 700),
}
SHARED = {"layers.0.k": "layers.0.q"}  # two modules with one input
TRANSPOSED = {"layers.1.conv"}
PLAIN = {"layers.0.norm.weight": (40,), "embed.weight": (50, 8)}
VECTOR = "layers.0.ia3"


def tensor_of(module):
    return module + ("_weight" if module.endswith("in_proj") else ".weight")


class Model:
    """Tensors as [out, in] or as they are, and what was measured of them."""

    def __init__(self, random, base=None):
        self.tensors = {}
        for module, (d_out, d_in, _) in LAYERS.items():
            self.tensors[tensor_of(module)] = random.normal(size=(d_out, d_in))
        for name, shape in {**PLAIN, VECTOR: (33,)}.items():
            self.tensors[name] = random.normal(size=shape)
        for name, values in self.tensors.items():
            moved = values if base is None else base.tensors[name] + 0.1 * values
            self.tensors[name] = moved.astype(np.float32).astype(np.float64)
        self.inputs = {m: random.normal(size=(tokens, d_in)) for m, (_, d_in, tokens) in LAYERS.items()}
        for module, twin in SHARED.items():
            self.inputs[module] = self.inputs[twin]
        self.inputs["layers.0.dead"][:, [3, 7]] = 0.0
        outputs = {m: random.normal(size=(tokens, d_out)) for m, (d_out, _, tokens) in LAYERS.items()}
        self.gram = {m: x.T @ x / len(x) for m, x in self.inputs.items()}
        self.output_gram = {m: y.T @ y / len(y) for m, y in outputs.items() if m != "layers.1.long"}
        self.fisher = {n: random.normal(size=t.shape) ** 2 for n, t in self.tensors.items() if "norm" not in n}
        gradients = random.normal(size=(80, 33))
        self.block = {VECTOR: gradients.T @ gradients / 80}

    def save(self, folder):
        folder.mkdir(parents=True)
        turned = {tensor_of(m) for m in TRANSPOSED}
        save_file(
            {n: np.ascontiguousarray((t.T if n in turned else t).astype(np.float32)) for n, t in self.tensors.items()},
            folder / "model.safetensors",
        )

    def save_statistics(self, path, digest, full):
        with h5py.File(path, "w") as file:
            file.attrs.update({"format_version": 1, "model_digest": digest, "examples": 80, "tokens": 100, "labels": "empirical"})
            for kind, matrices in (("gram", self.gram), ("gram_output", self.output_gram), ("fisher_block", self.block)):
                for name, matrix in matrices.items():
                    if kind == "gram" and name in SHARED:
                        continue
                    stored = matrix if full else matrix[np.tril_indices(len(matrix))]
                    file[f"{kind}/{name}"] = stored
                    file[f"{kind}/{name}"].attrs["layout"] = "full" if full else "lower"
                    if kind == "gram" and name in TRANSPOSED:
                        file[f"{kind}/{name}"].attrs["weight_layout"] = "in_out"
            for module, twin in SHARED.items():
                file[f"gram/{module}"] = file[f"gram/{twin}"]
            for name, values in self.fisher.items():
                file[f"fisher/{name}"] = values.T if name[: -len(".weight")] in TRANSPOSED else values


def scaled(matrix, alpha):
    return alpha * matrix + (1 - alpha) * np.diag(np.diag(matrix))


def mean(values):
    return sum(w * v for w, v in zip(WEIGHTS, values)) / sum(WEIGHTS)


def regmean(models, alpha=0.9, ridge=1e-6):
    """Every tensor, and what is reported of the solved ones."""
    merged = {name: mean([m.tensors[name] for m in models]) for name in models[0].tensors}
    reports = {}
    for module in LAYERS:
        name = tensor_of(module)
        grams = [w * scaled(m.gram[module], alpha) for w, m in zip(WEIGHTS, models)]
        total = sum(grams)
        right = sum(g @ m.tensors[name].T for g, m in zip(grams, models))
        live = np.flatnonzero(np.diag(total) != 0.0)
        inner = total[np.ix_(live, live)]
        factorization = "cholesky"
        try:
            pivots = np.diag(np.linalg.cholesky(inner)) ** 2
            is_definite = np.all(pivots > len(total) * np.finfo(float).eps * np.diag(inner))
        except np.linalg.LinAlgError:
            is_definite = False
        if not is_definite:
            factorization = "ridge"
            inner = inner + ridge * np.mean(np.diag(inner)) * np.eye(len(live))
        merged[name][:, live] = cho_solve(cho_factor(inner, lower=True), right[live]).T
        reports[name] = {"factorization": factorization, "dead_inputs": len(total) - len(live)}
    return merged, reports


def start(models, base, name, init, init_lambda):
    values = [m.tensors[name] for m in models]
    if init == "task_arithmetic":
        return base.tensors[name] + init_lambda * sum(v - base.tensors[name] for v in values)
    return {"average": mean(values), "pretrained": base.tensors[name], "zero": np.zeros_like(values[0])}[init]


def equations(models, objective, alpha, floor):
    """Tensor -> (operator on its values, its diagonal) for every tensor that the objective solves."""
    found = {}
    if objective in ("forward", "kfac"):
        for module in LAYERS:
            if objective == "kfac" and module not in models[0].output_gram:
                continue
            sides = [
                (w * scaled(m.gram[module], alpha), scaled(m.output_gram[module], alpha) if objective == "kfac" else None)
                for w, m in zip(WEIGHTS, models)
            ]
            found[tensor_of(module)] = [
                (lambda v, a=a, b=b: v @ a if b is None else b @ v @ a,
                 np.outer(np.ones(LAYERS[module][0]) if b is None else np.diag(b), np.diag(a)))
                for a, b in sides
            ]
    elif objective == "diagonal":
        for name in models[0].fisher:
            sides = [w * np.maximum(m.fisher[name], floor) for w, m in zip(WEIGHTS, models)]
            found[name] = [(lambda v, f=f: f * v, f) for f in sides]
    else:
        sides = [w * scaled(m.block[VECTOR], alpha) for w, m in zip(WEIGHTS, models)]
        found[VECTOR] = [(lambda v, a=a: a @ v, np.diag(a)) for a in sides]
    return found


def mats(models, base, objective="forward", alpha=1.0, floor=1e-8, iterations=100, tolerance=1e-5,
         init="task_arithmetic", init_lambda=0.3, preconditioner="none", others="average"):
    merged, reports = {}, {}
    solved = equations(models, objective, alpha, floor)
    for name, first in models[0].tensors.items():
        values = [m.tensors[name] for m in models]
        initial = start(models, base, name, init, init_lambda)
        if name not in solved:
            merged[name] = mean(values) if others == "average" else initial
            continue
        shape = first.shape
        applied = lambda v, sides=solved[name], shape=shape: sum(f(v.reshape(shape)) for f, _ in sides).ravel()
        right = sum(f(v) for (f, _), v in zip(solved[name], values)).ravel()
        options = {}
        if preconditioner == "jacobi":
            diagonal = sum(d for _, d in solved[name]).ravel()
            options["M"] = LinearOperator((right.size,) * 2, matvec=lambda r, d=diagonal: r / np.where(d == 0, 1, d))
        steps = []
        result, _ = cg(LinearOperator((right.size,) * 2, matvec=applied, dtype=float), right, x0=initial.ravel(),
                       rtol=tolerance, atol=0.0, maxiter=iterations, callback=lambda x: steps.append(x.copy()), **options)
        merged[name] = result.reshape(shape)
        norms = [np.linalg.norm(right - applied(x)) for x in [initial.ravel(), *steps]]
        reports[name] = {"iterations": len(steps), "rhs_norm": np.linalg.norm(right), "residual_norms": norms}
    return merged, reports


class Merges:
    def __init__(self, scratch, stockpot, mpiexec):
        self.scratch, self.stockpot, self.mpiexec = scratch, stockpot, mpiexec
        random = np.random.default_rng(7)
        self.base = Model(random)
        self.models = [Model(random, self.base) for _ in MODELS]
        self.base.save(scratch / BASE)
        for name, model, full in zip(MODELS, self.models, (False, True, False)):
            model.save(scratch / name)
            document = json.loads(self.run([stockpot, "inspect", scratch / name, "--json"]))
            model.save_statistics(scratch / f"{name}.h5", document["model_digest"], full)

    @staticmethod
    def run(command):
        done = subprocess.run([str(w) for w in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, **ENVIRONMENT}, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def merge(self, method, parameters, ranks=1, options=()):
        """Output folder of a merge."""
        entries = [
            f"  - {{model: {self.scratch / n}, statistics: {self.scratch / n}.h5, parameters: {{weight: {w}}}}}\n"
            for n, w in zip(MODELS, WEIGHTS)
        ]
        base = f"base_model: {self.scratch / BASE}\n" if method == "mats" else ""
        recipe = self.scratch / "recipe.yml"
        recipe.write_text(f"merge_method: {method}\nmodels:\n{''.join(entries)}{base}"
                          f"parameters: {json.dumps(parameters)}\nout_dtype: float64\n")
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        launcher = [self.mpiexec, "--oversubscribe", "-n", ranks] if ranks > 1 else []
        self.run([*launcher, self.stockpot, "merge", recipe, out, "--durability", "none", *options])
        return out


def relative_error(found, expected):
    return np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-300)


def compare(out, merged, reports, tolerance, tolerance_of_poor):
    manifest = json.loads((out / "stockpot_manifest.json").read_text())
    found = load_file(out / "model.safetensors")
    assert found.keys() == merged.keys(), found.keys() ^ merged.keys()
    for name, expected in merged.items():
        values = found[name].T if name[: -len(".weight")] in TRANSPOSED else found[name]
        error = relative_error(values, expected)
        assert error <= (tolerance_of_poor if "poor" in name else tolerance), f"{name}: off by {error}"
    diagnostics = manifest["diagnostics"]
    assert diagnostics.keys() == reports.keys(), diagnostics.keys() ^ reports.keys()
    for name, report in reports.items():
        for key, expected in report.items():
            value = diagnostics[name][key]
            if isinstance(expected, (str, int)):
                assert value == expected, f"{name}: {key} is {value}, not {expected}"
            else:
                scale = np.max(np.abs(expected))
                assert np.allclose(value, expected, rtol=1e-6, atol=1e-9 * scale), f"{name}: {key}: {value} not {expected}"
    return manifest


def content(out):
    return {p.name: p.read_bytes() for p in out.iterdir() if p.name != "stockpot_run.json"}


def check_grids(merges, method, parameters):
    """The same bytes for every number of ranks and threads, grid and memory limit."""
    expected = content(merges.merge(method, parameters))
    for ranks, options in ((2, ()), (3, ("--grid", "1x3")), (4, ("--grid", "2x2")), (4, ()),
                           (1, ("--threads", "3")), (2, ("--memory", "240MiB"))):
        found = content(merges.merge(method, parameters, ranks, options))
        different = [n for n in expected if found.get(n) != expected[n]] + list(found.keys() - expected.keys())
        assert not different, f"{method} {parameters} on {ranks} ranks {options}: {different}"


def main():
    scratch, stockpot, mpiexec = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    shutil.rmtree(scratch, ignore_errors=True)
    merges = Merges(scratch, stockpot, mpiexec)
    for parameters in ({}, {"alpha": 1.0}, {"alpha": 0.1, "ridge": 0.5}, {"alpha": 0.0}):
        merged, reports = regmean(merges.models, **parameters)
        # Where the poor layer needs the ridge its equations have a condition of 1e6.
        manifest = compare(merges.merge("regmean", parameters), merged, reports, 1e-10, 1e-8)
        assert manifest["library_results"] == sorted(tensor_of(m) for m in LAYERS)
        print("regmean", parameters, "as NumPy")
    oracle = functools.partial(mats, merges.models, merges.base)
    cases = [
        {}, {"init": "average", "iterations": 7, "tolerance": 0.0}, {"init": "zero", "others": "init", "alpha": 0.5},
        {"init": "pretrained", "preconditioner": "jacobi", "others": "init"}, {"iterations": 0},
        {"objective": "kfac", "iterations": 12}, {"objective": "kfac", "alpha": 0.7, "preconditioner": "jacobi", "iterations": 12},
        {"objective": "diagonal", "iterations": 9}, {"objective": "diagonal", "preconditioner": "jacobi", "floor": 0.2},
        {"objective": "block", "init": "average"},
    ]
    for parameters in cases:
        # Conjugate gradients on singular equations amplify what rounds differently.
        compare(merges.merge("mats", parameters), *oracle(**parameters), 1e-8, 1e-6)
        print("mats", parameters, "as SciPy")
    check_grids(merges, "regmean", {"alpha": 1.0})
    for objective in ("forward", "kfac", "diagonal", "block"):
        check_grids(merges, "mats", {"objective": objective, "iterations": 5})
    print("the same bytes on every grid")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
