"""Interpolation on spheres: coefficients from norms and dots of the scope, then one weighted sum."""

import math

import numpy as np

from . import reductions
from .elements import ordered_sum
from .scopes import joined


def weighted_sum(scope, coefficients):
    """S(c_i x_i), with an anchor b + S(c_i d_i)."""
    merged = []
    for tensor in scope.tensors:
        total = ordered_sum([c * d for c, d in zip(coefficients, tensor.deltas())])
        merged.append(total if tensor.base is None else tensor.base + total)
    return merged


def vectors_of(scope):
    """The whole scope of each model, as one vector."""
    per_tensor = [tensor.deltas() for tensor in scope.tensors]
    return [joined([deltas[i] for deltas in per_tensor]) for i in range(scope.model_count)]


def same_variation(coefficients):
    """Equal coefficients stay equal however they are summed."""
    distinct = {c: reductions.reduced(c) for c in coefficients}
    return [distinct[c] for c in coefficients]


def sine_weights(t, theta):
    return math.sin((1.0 - t) * theta) / math.sin(theta), math.sin(t * theta) / math.sin(theta)


def slerp(scope, t):
    """From the anchor (t = 0) to the one model; a line where |cos| > 0.9995. A vector no longer than 1e-8 is taken as
    if of unit length."""
    a, b = (joined(arrays) for arrays in zip(*((tensor.base, tensor.models[0]) for tensor in scope.tensors)))
    lengths = [n if n > 1e-8 else 1.0 for n in (reductions.norm(a), reductions.norm(b))]
    cosine = max(-1.0, min(1.0, reductions.dot(a, b) / (lengths[0] * lengths[1])))
    assert abs(abs(cosine) - 0.9995) > 1e-9
    if abs(cosine) > 0.9995:
        ca, cb = 1.0 - t, t
    else:
        ca, cb = same_variation(sine_weights(t, math.acos(cosine)))
    return [ca * tensor.base + cb * tensor.models[0] for tensor in scope.tensors]


def pair_coefficients(a, b, t):
    """nuslerp of two vectors: a line only where they are collinear; lengths below 1e-7 count as 1e-7."""
    squares = [max(reductions.dot(v, v), 1e-14) for v in (a, b)]
    product = reductions.dot(a, b)
    squared_sine = 1.0 - product * product / (squares[0] * squares[1])
    assert product >= 0.0 or squared_sine <= 1e-15 or squared_sine > 1e-6  # opposite, or far from it
    if squared_sine <= 1e-15:
        return 1.0 - t, t
    cosine = product / (math.sqrt(squares[0]) * math.sqrt(squares[1]))
    return same_variation(sine_weights(t, math.acos(max(-1.0, min(1.0, cosine)))))


def lines(shape, columns):
    """Index arrays of the lines of a tensor along its last axis, or along its first one."""
    numbers = np.arange(math.prod(shape)).reshape(shape)
    if numbers.ndim < 2 or numbers.size == 0:
        return [numbers.ravel()]
    return list(np.moveaxis(numbers, 0 if columns else -1, -1).reshape(-1, shape[0 if columns else -1]))


def nuslerp(scope, weight, nuslerp_flatten=True, nuslerp_row_wise=False):
    total = ordered_sum(weight)
    t = 0.5 if abs(total) < 1e-6 else weight[1] / total
    if nuslerp_flatten:
        return weighted_sum(scope, pair_coefficients(*vectors_of(scope), t))
    merged = []
    for tensor in scope.tensors:
        a, b = (d.ravel() for d in tensor.deltas())
        result = np.zeros(a.size)
        for line in lines(tensor.shape, nuslerp_row_wise):
            ca, cb = pair_coefficients(a[line], b[line], t)
            result[line] = ca * a[line] + cb * b[line]
        result = result.reshape(tensor.shape)
        merged.append(result if tensor.base is None else tensor.base + result)
    return merged


def multislerp(scope, weight, normalize_weights=True, eps=1e-8):
    """Weighted mean direction times weighted mean norm; the step in the tangent space of the original is zero. One
    model alone is itself. Two that cancel, or zero vectors alone, give their weighted sum; more that cancel have no
    result."""
    if scope.model_count == 1:
        return [tensor.models[0] for tensor in scope.tensors]
    if normalize_weights:
        weight = [w / ordered_sum(weight) for w in weight]
    vectors = vectors_of(scope)
    lengths = [reductions.norm(v) for v in vectors]
    unit_weights = [w / (n + eps) for w, n in zip(weight, lengths)]
    direction = reductions.norm(ordered_sum([u * v for u, v in zip(unit_weights, vectors)]))
    if direction < eps:
        assert len(vectors) == 2 or not any(lengths), "no mean direction"
        return weighted_sum(scope, weight)
    length = ordered_sum([w * n for w, n in zip(weight, lengths)])
    return weighted_sum(scope, same_variation([u * (length / direction) for u in unit_weights]))


def karcher(scope, max_iter=10, tol=1e-5):
    """Frechet mean of the directions, equal weights, times the mean norm. Zero vectors count in the mean norm only; a
    direction within `tol` of the mean or of its opposite exerts no pull."""
    if scope.model_count == 1:
        return [tensor.models[0] for tensor in scope.tensors]
    vectors = vectors_of(scope)
    lengths = [reductions.norm(v) for v in vectors]
    valid = [i for i, n in enumerate(lengths) if n > 0.0]
    if not valid:
        return weighted_sum(scope, [0.0] * len(vectors))
    units = [vectors[i] / lengths[i] for i in valid]
    share = np.full(len(valid), 1.0 / len(valid))

    def along(c):
        return ordered_sum([ci * u for ci, u in zip(c, units)])

    c = share
    length = reductions.norm(along(c))
    c = np.eye(len(valid))[0] if length < tol else c / length
    for _ in range(max_iter):
        mean, step = along(c), np.zeros(len(valid))
        for i, unit in enumerate(units):
            cosine = max(-1.0, min(1.0, reductions.dot(mean, unit)))
            angle = math.acos(cosine)
            if tol <= angle <= math.pi - tol:
                step += share[i] * (angle / math.sin(angle)) * (np.eye(len(valid))[i] - cosine * c)
        length = reductions.norm(along(step))
        assert abs(length - tol) > 1e-9
        if length < tol:
            break
        c = math.cos(length) * c + (math.sin(length) / length) * step
        c = c / reductions.norm(along(c))
    scale = ordered_sum([n * (1.0 / len(vectors)) for n in lengths])
    coefficients = np.zeros(len(vectors))
    for i, ci in zip(valid, c):
        coefficients[i] = scale * ci / lengths[i]
    return weighted_sum(scope, same_variation(coefficients))


def mlerp(scope, norm="mean"):
    """The mean's direction, with the mean (or largest) norm of the models; a mean of zero stays."""
    vectors = vectors_of(scope)
    lengths = [reductions.norm(v) for v in vectors]
    direction = reductions.norm(ordered_sum(vectors))
    if direction == 0.0:
        return weighted_sum(scope, [1.0 / len(vectors)] * len(vectors))
    length = max(lengths) if norm == "max" else ordered_sum(lengths) / len(vectors)
    return weighted_sum(scope, same_variation([length / direction] * len(vectors)))
