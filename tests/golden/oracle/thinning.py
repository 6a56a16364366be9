"""`sparsify:`: the models become the base model plus thinned task vectors before a method sees them."""

import numpy as np

from . import sparsify
from .elements import on_anchor
from .scopes import Scope, grouped, joined
from .task_vectors import randomly_kept


def mask_of(group, model, semantics, method, density):
    """Which entries of one model stay, as one vector of the scope."""
    if method == "dare":
        return randomly_kept(group, model, [np.full(tensor.shape, density) for tensor in group.tensors])
    magnitudes = np.abs(joined([tensor.deltas()[model] for tensor in group.tensors]))
    trim = sparsify.largest if semantics == "mergekit" else sparsify.at_least_threshold
    return trim(magnitudes, density)


def thin(tensors, model_names, semantics, method, scope=None, drop=None, density=None, rescale=True):
    """Replaces x_i by b + d_i s of kept entries, by b of others; s: 1 (ties), 1 / density (dare of the paper; d is
    divided) or the scope's |d|_1 / |kept d|_1 (mergekit's)."""
    density = 1.0 - drop if method == "dare" else density
    scope = scope or ("model" if method == "ties" and semantics == "paper" else "tensor")
    rescales = method == "dare" and rescale and 0.0 < density < 1.0
    for tensors_of_scope in grouped(tensors, scope):
        group = Scope(tensors_of_scope, model_names)
        for model in range(group.model_count):
            deltas = [tensor.deltas()[model] for tensor in group.tensors]
            mask = mask_of(group, model, semantics, method, density)
            if rescales and semantics == "paper":
                deltas = [d / density for d in deltas]
            elif rescales:
                ratio = sparsify.l1_ratio(joined(deltas), mask)
                deltas = [d * ratio for d in deltas]
            for tensor, d, kept in zip(group.tensors, deltas, group.split(mask)):
                tensor.models[model] = on_anchor(tensor.base, d, kept)
