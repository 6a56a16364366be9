"""SCE, RAM, nearswap and Arcee Fusion."""

import math

import numpy as np

from . import reductions, sparsify
from .elements import kept_sum, on_anchor, ordered_sum
from .scopes import joined
from .task_vectors import model_deltas


def sce(scope, select_topk=1.0, smallest=1e-6):
    """Select by variance over the models, calculate weights from energies, erase the minority of signs."""
    deltas = [joined(model) for model in model_deltas(scope)]
    count = float(len(deltas))
    chosen = np.ones(deltas[0].size, dtype=bool)
    if select_topk < 1.0:
        mean = ordered_sum(deltas) / count
        variance = ordered_sum([(d - mean) * (d - mean) for d in deltas]) / count
        k = max(0, int(np.count_nonzero(variance) * select_topk))
        chosen = sparsify.kept_positions(variance, variance.size - k, k)
    energies = [reductions.dot(d[chosen], d[chosen]) / max(1, d.size) for d in deltas]
    total = ordered_sum(energies)
    uniform = total < smallest or total == 0.0
    weight = [1.0 / count if uniform else reductions.reduced(e / total) for e in energies]
    votes, _ = kept_sum(deltas, [chosen] * len(deltas))
    elected = np.where(votes >= 0.0, 1.0, -1.0)
    agreeing = [chosen & (np.sign(d) == elected) for d in deltas]
    change, where = kept_sum([w * d for w, d in zip(weight, deltas)], agreeing)
    divisor, _ = kept_sum([np.full(d.shape, w) for w, d in zip(weight, deltas)], agreeing)
    divisor = np.maximum(divisor, smallest) if smallest > 0.0 else np.where(where, divisor, 1.0)
    changes = zip(scope.tensors, scope.split(change / divisor), scope.split(where))
    return [on_anchor(tensor.base, part, there) for tensor, part, there in changes]


def ram(scope, epsilon=1e-5, r=0.0, alpha=0.0):
    """Entries above epsilon are owned. What one model owns is added, with ramplus_tl enlarged by 1 + r min(shared /
    unique, alpha) of that model; what several own is averaged over them."""
    deltas = [joined(model) for model in model_deltas(scope)]
    owned = [np.abs(d) > epsilon for d in deltas]
    owners = sum(o.astype(int) for o in owned)
    factors = []
    for o in owned:
        unique, shared = int(np.sum(o & (owners == 1))), int(np.sum(o & (owners > 1)))
        factors.append(1.0 + r * min(shared / unique if unique else alpha, alpha))
    terms = [np.where(owners == 1, factor * d, d) for factor, d in zip(factors, deltas)]
    change, where = kept_sum(terms, owned)
    changes = zip(scope.tensors, scope.split(change / np.maximum(owners, 1)), scope.split(where))
    return [on_anchor(tensor.base, part, there) for tensor, part, there in changes]


def nearswap(scope, t):
    """w x + (1 - w) b, w = t / |b - x| within [0, 1]; differences below 1e-6 count as 1e-6."""

    def merged(tensor):
        x, b = tensor.models[0], tensor.base
        w = np.clip(t / np.maximum(np.abs(b - x), 1e-6), 0.0, 1.0)
        return w * x + (1.0 - w) * b

    return [merged(tensor) for tensor in scope.tensors]


def softmax(row):
    powers = np.exp(row - np.max(row))
    return powers / reductions.total(powers)


def importance(x, b, epsilon=1e-8):
    """|x - b| times the row's Kullback-Leibler divergence of softmax(x) from softmax(b), epsilon added to both."""
    rows = x.reshape(-1, x.shape[-1] if x.ndim else 1), b.reshape(-1, b.shape[-1] if b.ndim else 1)
    divergences = np.zeros((rows[0].shape[0], 1))
    for number, (row, base_row) in enumerate(zip(*rows)):
        p, q = softmax(row) + epsilon, softmax(base_row) + epsilon
        divergences[number] = math.fsum(p * np.log(p / q))
    return (np.abs(rows[0] - rows[1]) * reductions.reduced(divergences)).reshape(x.shape)


def arcee_fusion(scope):
    """b + d where the importance reaches median + 1.5 (upper - lower quartile), quantile q being element
    floor(q (n - 1)) in ascending order; b elsewhere."""
    merged = []
    for tensor in scope.tensors:
        (d,) = tensor.deltas()
        if d.size == 0:
            merged.append(d)
            continue
        scores = importance(tensor.models[0], tensor.base)
        ordered = np.sort(scores, axis=None)
        lower, median, upper = (ordered[math.floor(q * (d.size - 1))] for q in (0.25, 0.5, 0.75))
        threshold = median + 1.5 * (upper - lower)
        merged.append(on_anchor(tensor.base, d, scores >= threshold))
    return merged
