"""Model Stock (Jang et al. 2024), as its authors compute it, in double and without an epsilon."""

import itertools

import numpy as np

from . import reductions
from .elements import ordered_sum
from .scopes import joined
from .spherical import lines


def ratio(vectors):
    """t of task vectors: K c / ((K - 1) c + 1), c the mean cosine over pairs; 0 where that is singular."""
    cosines = []
    for a, b in itertools.combinations(vectors, 2):
        length = reductions.norm(a) * reductions.norm(b)
        cosines.append(max(-1.0, min(1.0, reductions.dot(a, b) / length)) if length > 0.0 else 0.0)
    cosine = ordered_sum(cosines) / len(cosines)
    divisor = (len(vectors) - 1.0) * cosine + 1.0
    assert not 1e-9 < abs(divisor) < 1e-3  # where sums decide
    return 0.0 if abs(divisor) < 1e-6 else reductions.reduced(len(vectors) * cosine / divisor)


def model_stock(scope, filter_wise=False):
    """t S(x_i) / K + (1 - t) b; with `filter_wise` each line along the last axis has a t of its own."""
    if not filter_wise:
        deltas = [tensor.deltas() for tensor in scope.tensors]
        common = ratio([joined([d[i] for d in deltas]) for i in range(scope.model_count)])
    merged = []
    for tensor in scope.tensors:
        if filter_wise:
            t = np.zeros(tensor.shape)
            for line in lines(tensor.shape, False):
                t.ravel()[line] = ratio([d.ravel()[line] for d in tensor.deltas()])
        else:
            t = common
        merged.append(t * (ordered_sum(tensor.models) / float(scope.model_count)) + (1.0 - t) * tensor.base)
    return merged
