"""The golden cases of every merge method."""

from oracle.cases import Case

AB, ABC = "ab", "abc"


def weights(*values, **others):
    return {"weight": list(values), **others}


def flat_cases():
    """Every stored type; no method here needs sums over elements."""
    thirds = weights(1.0, 0.5, 0.75, density=[0.5, 0.3, 0.8])
    return [
        Case("linear", "normalized", ABC, {}, weights(0.3, 1.7, 0.45)),
        Case("linear", "sum", AB, {"normalize": False}, weights(0.6, -0.25)),
        Case("uniform_soup", "three", ABC),
        Case("weighted", "examples", ABC, examples=(12000, 350, 77)),
        Case("task_arithmetic", "lambda", ABC, {"lambda": 0.7}, weights(1.0, 0.5, -0.3), base="base"),
        Case("task_arithmetic", "normalized", AB, {"normalize": True}, weights(0.9, 0.4), base="base"),
        Case("passthrough", "copy", "a"),
        Case("passthrough", "scale", "a", {}, {"scale": [0.85]}),
        Case("ties", "types", ABC, {"lambda": 0.9}, thirds, base="base"),
        Case("ties", "types_paper", ABC, {}, weights(1.0, 1.0, 1.0), base="base", semantics="paper"),
        Case("dare_linear", "types_paper", ABC, {}, thirds, base="base", semantics="paper"),
        Case("dare_ties", "types_paper", ABC, {}, thirds, base="base", semantics="paper"),
        Case("breadcrumbs", "types", ABC, {}, {**thirds, "gamma": [0.1, 0.0, 0.02]}, base="base"),
        Case("breadcrumbs_ties", "types", ABC, {"lambda": 1.3}, thirds, base="base"),
        Case("della", "types_paper", ABC, {}, thirds, base="base", semantics="paper"),
        Case("ram", "types", ABC, base="base"),
        Case("ramplus_tl", "types", ABC, {"epsilon": 0.125}, base="base"),
        Case("nearswap", "types", "a", {"t": 0.02}, base="base"),
    ]


def spherical_cases():
    a = {"base": "a", "lists_base": True}
    anchored = {"base": "base"}
    return [
        Case("slerp", "quarter", "b", {"t": 0.25}, **a),
        Case("slerp", "before", "b", {"t": -0.5}, **a),
        Case("slerp", "beyond", "b", {"t": 1.75}, **a),
        Case("slerp", "layer", "c", {"t": 0.6}, scope="layer", **a),
        Case("slerp", "model", "b", {"t": 0.4}, scope="model", **a),
        Case("nuslerp", "tensors", AB, {}, weights(0.6, 0.4)),
        Case("nuslerp", "task_vectors", AB, {}, weights(1.0, 2.0), **anchored),
        Case("nuslerp", "zero_weights", AB, {}, weights(0.7, -0.7)),
        Case("nuslerp", "negative_weight", "ac", {}, weights(1.5, -0.5), **anchored),
        Case("nuslerp", "rows", AB, {"nuslerp_flatten": False}, weights(0.3, 0.4)),
        Case("nuslerp", "columns", "ac", {"nuslerp_flatten": False, "nuslerp_row_wise": True}, weights(1.0, 1.0),
             **anchored),
        Case("nuslerp", "model", "bc", {}, weights(0.2, 0.8), scope="model", **anchored),
        Case("multislerp", "tensors", ABC, {}, weights(0.21, 0.33, 0.4)),
        Case("multislerp", "task_vectors", ABC, {}, weights(1.0, 2.0, 0.5), **anchored),
        Case("multislerp", "opposite_pair", AB, {}, weights(1.0, 1.0), **anchored),
        Case("multislerp", "raw_weights", ABC, {"normalize_weights": False}, weights(0.5, 0.75, -0.25)),
        Case("multislerp", "layer", "bc", {}, weights(0.6, 0.5), scope="layer", **anchored),
        Case("karcher", "three", ABC),
        Case("karcher", "pair", AB),
        Case("karcher", "one_step", "cab", {"max_iter": 1}),
        Case("karcher", "layer", ABC, scope="layer"),
        Case("mlerp", "mean", ABC),
        Case("mlerp", "largest", "ba", {"norm": "max"}),
        Case("mlerp", "layer", ABC, {"norm": "max"}, scope="layer"),
        Case("mlerp", "model", ABC, scope="model"),
        Case("model_stock", "two", AB, **anchored),
        Case("model_stock", "three", ABC, **anchored),
        Case("model_stock", "rows", ABC, {"filter_wise": True}, **anchored),
        Case("model_stock", "layer", AB, scope="layer", semantics="paper", **anchored),
        Case("model_stock", "model", ABC, scope="model", **anchored),
    ]


def task_vector_cases():
    some = weights(0.5, 0.3, 0.75, density=[0.5, 0.3, 0.8])
    ends = weights(1.0, 0.5, 0.25, density=[0.0, 1.0, 0.4])
    ones = weights(1.0, 1.0, 1.0)
    anchored = {"base": "base"}
    paper = {"base": "base", "semantics": "paper"}
    return [
        Case("ties", "tensor", ABC, {}, some, **anchored),
        Case("ties", "ends", ABC, {"normalize": False, "lambda": 0.7}, ends, **anchored),
        Case("ties", "all", ABC, {}, weights(0.4, 0.9, 0.2), **anchored),
        Case("ties", "signed_weights", ABC, {}, weights(1.0, -1.0, 0.5, density=[0.6, 0.6, 0.1]), **anchored),
        Case("ties", "rescaled", ABC, {"rescale": True}, some, **anchored),
        Case("ties", "layer", ABC, {}, some, scope="layer", **anchored),
        Case("ties", "model", ABC, {"lambda": 1.5}, some, scope="model", **anchored),
        Case("ties", "head_of_b", ABC, {}, some, exclude=("lm_head", "model.norm"), keep_from="b", **anchored),
        Case("ties", "paper", ABC, {"lambda": 0.8}, ones, **paper),
        Case("ties", "paper_tensor", ABC, {}, {**ones, "density": [0.5, 0.25, 1.0]}, scope="tensor", **paper),
        Case("ties", "paper_layer", AB, {}, weights(1.0, 1.0, density=[0.4, 0.0]), scope="layer", **paper),
        Case("dare_linear", "tensor", ABC, {}, some, **anchored),
        Case("dare_linear", "ends", ABC, {"lambda": 0.5, "normalize": True}, ends, **anchored),
        Case("dare_linear", "not_rescaled", ABC, {"rescale": False}, some, **anchored),
        Case("dare_linear", "model", ABC, {}, some, scope="model", **anchored),
        Case("dare_linear", "paper", ABC, {"normalize": True}, some, **paper),
        Case("dare_ties", "tensor", ABC, {}, some, **anchored),
        Case("dare_ties", "normalized", ABC, {"normalize": True}, ends, **anchored),
        Case("dare_ties", "layer", ABC, {}, some, scope="layer", **anchored),
        Case("dare_ties", "paper", ABC, {}, some, **paper),
        Case("breadcrumbs", "tensor", ABC, {}, some, **anchored),
        Case("breadcrumbs", "outliers", ABC, {"rescale": True}, {**some, "gamma": [0.2, 0.5, 0.1]}, **anchored),
        Case("breadcrumbs", "ends", ABC, {"normalize": True}, ends, **anchored),
        Case("breadcrumbs", "model", ABC, {}, {**some, "gamma": [0.05, 0.0, 0.01]}, scope="model", **anchored),
        Case("breadcrumbs_ties", "tensor", ABC, {}, {**some, "gamma": [0.1, 0.1, 0.1]}, **anchored),
        Case("breadcrumbs_ties", "layer", ABC, {"normalize": True}, some, scope="layer", **anchored),
        Case("della", "tensor", ABC, {}, some, **anchored),
        Case("della", "not_rescaled", ABC, {"rescale": False}, {**some, "epsilon": [0.4, 0.1, 0.05]}, **anchored),
        Case("della", "ends", ABC, {}, {**ends, "epsilon": [0.1, 0.1, 0.1]}, **anchored),
        Case("della", "paper", ABC, {}, some, **paper),
        Case("della_linear", "tensor", ABC, {}, some, **anchored),
        Case("della_linear", "model", ABC, {"lambda": 0.6}, some, scope="model", **anchored),
    ]


def other_cases():
    anchored = {"base": "base"}
    paper = {"base": "base", "semantics": "paper"}
    return [
        Case("sce", "all", ABC, **anchored),
        Case("sce", "selected", ABC, {"select_topk": 0.5}, **anchored),
        Case("sce", "none", ABC, {"select_topk": 0.0}, **anchored),
        Case("sce", "model", ABC, {"select_topk": 0.3}, scope="model", **anchored),
        Case("sce", "paper", ABC, {"select_topk": 0.7}, **paper),
        Case("ram", "tensor", ABC, **anchored),
        Case("ram", "large_changes", ABC, {"epsilon": 0.25}, **anchored),
        Case("ram", "paper", ABC, **paper),
        Case("ramplus_tl", "tensor", ABC, {"epsilon": 0.2}, **anchored),
        Case("ramplus_tl", "strong", ABC, {"r": 0.5, "alpha": 2.0, "epsilon": 0.3}, **anchored),
        Case("ramplus_tl", "model", ABC, {"epsilon": 0.4}, scope="model", **anchored),
        Case("nearswap", "near", "a", {"t": 0.1}, **anchored),
        Case("nearswap", "zero", "b", {"t": 0.0}, lists_base=True, **anchored),
        Case("nearswap", "negative", "b", {"t": -0.5}, **anchored),
        Case("arcee_fusion", "b", "b", exclude=("hardly_changed",), **anchored),
        Case("arcee_fusion", "c", "c", exclude=("hardly_changed",), lists_base=True, **anchored),
        Case("passthrough", "layers", "a", {}, {"scale": [-1.25]}),
    ]


def fisher_cases():
    def case(name, letters, parameters, *values):
        return Case("fisher", name, letters, parameters, weights(*values) if values else {}, statistics=True)

    return [
        case("model", ABC, {}, 1.0, 0.5, 0.75),
        case("plain", AB, {}),
        case("tensor", ABC, {"normalization": "tensor"}, 0.3, 1.7, 0.45),
        case("raw", ABC, {"normalization": "none"}, 1.0, 2.0, 0.5),
        case("no_floor", AB, {"normalization": "none", "floor": 0.0}, 0.6, 0.4),
        case("favored", ABC, {"normalization": "none", "floor": 0.001, "favor_target": True}, 1.0, 1.0, 1.0),
    ]


def solved_cases():
    """Of tensors without matrices; tests/python/solves.py has the others."""

    def case(method, name, parameters, *values, base=""):
        own = weights(*values) if values else {}
        return Case(method, name, ABC, parameters, own, statistics=True, base=base)

    return [
        case("regmean", "no_gram", {}, 1.0, 0.5, 0.75),
        case("mats", "no_gram", {}, 1.0, 0.5, 0.75, base="base"),
        case("mats", "no_gram_start", {"others": "init", "init_lambda": 0.7}, base="base"),
        case("mats", "no_gram_pretrained", {"others": "init", "init": "pretrained"}, base="base"),
        case("mats", "no_step", {"objective": "diagonal", "iterations": 0, "init": "zero"}, 1.0, 0.5, 0.75),
    ]


def vocabulary_cases():
    """Models with 11, 14 and 12 rows of embeddings; their folder is no method's."""
    models = ["a", "wide_b", "wide_c"]
    some = weights(0.5, 0.3, 0.75, density=[0.5, 0.3, 0.8])

    def case(method, name, *arguments, **others):
        return Case(method, name, models, *arguments, folder="vocabulary", **others)

    return [
        case("linear", "linear_common", {}, weights(0.5, 0.3, 0.7), vocabulary="common"),
        case("linear", "linear_pad", {}, weights(0.5, 0.3, 0.7), vocabulary="pad"),
        case("linear", "linear_pad_sum", {"normalize": False}, weights(0.5, 0.3, 0.7), vocabulary="pad"),
        case("uniform_soup", "uniform_soup_pad", vocabulary="pad"),
        case("ties", "ties_common", {}, some, base="base", vocabulary="common"),
        case("model_stock", "model_stock_common", base="base", vocabulary="common"),
    ]


def all_cases():
    for case in flat_cases():
        case.set = ""
        yield case
    yield from spherical_cases() + task_vector_cases() + other_cases()
    yield from fisher_cases() + solved_cases() + vocabulary_cases()
