"""mergekit_edges.py

The golden cases' awkward tensors (empty, one element, zero, opposite, unchanged, ...) through mergekit 0.1.5's own
functions in float64, against the oracle: wherever the two definitions are one, they agree to 1e-9 of a tensor's largest
value. Nothing of the program is used; its results are held against the oracle's by the golden tests.
"""

import importlib.metadata
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "golden"))
try:
    import numpy as np
    import torch

    if importlib.metadata.version("mergekit") != "0.1.5":
        raise ImportError("mergekit is not version 0.1.5")
    import run_mergekit  # noqa: F401  makes mergekit importable
    from mergekit.merge_methods.api import merge_tensors
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from method_cases import all_cases  # noqa: E402
from oracle import inputs  # noqa: E402
from oracle.catalog import METHODS  # noqa: E402
from oracle.formats import FORMATS  # noqa: E402
from oracle.scopes import Scope, Tensor  # noqa: E402

TOLERANCE = {"ramplus_tl": 1e-6}  # a ratio of counts in float32
USUAL_TOLERANCE = 1e-9
OURS_ALONE = ("uniform_soup", "weighted", "mlerp")

# (method, part of the tensor's name) -> why mergekit gives something else, or nothing. That it does is checked.
DIFFERENCES = {
    ("nuslerp", "opposite"): "rows that are opposite up to rounding are divided by the sine of almost 180 degrees",
    ("multislerp", "empty"): "an error; here the sum of nothing",
    ("multislerp", "unchanged"): "an error where all task vectors are zero; here the anchor",
    ("model_stock", "hardly_changed"): "takes products of norms as 1e-6 at least",
    ("arcee_fusion", "empty"): "an error; here nothing",
}
# Where magnitudes are ranked, mergekit takes any of those that are equal: in types and with changes that are coarse.
RANKED = ("ties", "breadcrumbs", "breadcrumbs_ties", "sce")
COARSE = ("hardly_changed", "input_layernorm")


def is_coarse(method, name, dtype):
    return method in RANKED and (dtype == "BF16" or any(part in name for part in COARSE))


def without_random_numbers(method, arguments):
    """Random masks have nothing in common but their share: everything is kept, or nothing."""
    if not METHODS[method].random:
        return arguments
    return {**arguments, "density": [1.0 if density > 0.0 else 0.0 for density in arguments["density"]]}


def mergekits(case, names, arrays, base, arguments):
    parameters = {"lambda" if name == "lambda_" else name: value for name, value in arguments.items()}
    parameters.pop("semantics", None)
    for name, value in parameters.items():
        if isinstance(value, list):
            parameters[name] = dict(zip(names, value))
    if case.method == "passthrough" and "scale" in parameters:
        parameters["scale"] = {names[0]: parameters["scale"]}
    if base is not None:
        arrays, names = [base, *arrays], ["base", *names]
    tensors = [torch.from_numpy(np.array(values)) for values in arrays]
    base_index = None if base is None else 0
    return merge_tensors(tensors, case.method, parameters=parameters, ids=names, base_index=base_index).numpy()


def disagreement(case, tensor, arguments):
    """Empty, or in what the two differ."""
    names = list(case.models)
    (ours,) = METHODS[case.method].merge(Scope([tensor], names), **arguments)
    try:
        theirs = mergekits(case, names, tensor.models, tensor.base, arguments)
    except (ValueError, IndexError) as error:
        return f"mergekit: {error}"
    if case.method == "model_stock" and tensor.base is not None:  # else hidden by the anchor's size
        ours, theirs = ours - tensor.base, theirs - tensor.base
    if ours.shape != theirs.shape:
        return f"shape {theirs.shape}"
    differences, tolerance = np.abs(theirs - ours), TOLERANCE.get(case.method, USUAL_TOLERANCE)
    off = int(np.sum(~(differences <= tolerance * np.max(np.abs(ours), initial=0.0))))
    return f"{off} of {ours.size} elements differ, by up to {np.max(differences):.1e}" if off else ""


def main():
    models, failures, seen, compared = inputs.models(), [], set(), 0
    for case in all_cases():
        scope, arguments = case.arguments()
        is_ours = case.semantics != "mergekit" or case.vocabulary or case.sparsify or case.method in OURS_ALONE
        if scope != "tensor" or is_ours:
            continue
        arguments = without_random_numbers(case.method, arguments)
        ingredients = [models[case.file(letter)] for letter in case.models]
        base = models[case.file(case.base)] if case.base else None
        for name, (dtype, _) in ingredients[0].items():
            left_out = dtype not in FORMATS or is_coarse(case.method, name, dtype)
            if left_out or any(part in name for part in case.exclude):
                continue
            tensor = Tensor(name, [model[name][1] for model in ingredients], base[name][1] if base else None)
            message = disagreement(case, tensor, arguments)
            listed = [key for key in DIFFERENCES if key[0] == case.method and key[1] in name]
            compared += 1
            if message and listed:
                seen.update(listed)
            elif message:
                failures.append(f"{case.method}/{case.name} {name}: {message}")
    failures += [f"{key} is listed as a difference, but there is none" for key in DIFFERENCES if key not in seen]
    print("\n".join(failures) or f"mergekit 0.1.5 agrees on {compared} merged tensors")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
