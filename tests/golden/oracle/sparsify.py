"""Which entries of task vectors stay: masks of one long vector."""

import math

import numpy as np

from . import reductions


def kept_positions(magnitudes, first, count):
    """Mask of the entries at positions [first, first + count) in ascending order of magnitude; of equal magnitudes
    those with the lowest index stay."""
    kept = np.zeros(magnitudes.size, dtype=bool)
    values, counts = np.unique(np.sort(magnitudes)[first : first + count], return_counts=True)
    for value, stay in zip(values, counts):
        kept[np.flatnonzero(magnitudes == value)[:stay]] = True
    return kept


def largest(magnitudes, density):
    """mergekit's TIES: max(1, int(density n)) entries; none for density 0, all from 1 on."""
    n = magnitudes.size
    if density >= 1.0:
        return np.ones(n, dtype=bool)
    count = max(1, int(density * n)) if density > 0.0 and n > 0 else 0
    return kept_positions(magnitudes, n - count, count)


def at_least_threshold(magnitudes, density):
    """The authors' TIES: the k-th smallest magnitude, k = n - int(n density), and all that is not below it."""
    n = magnitudes.size
    if density <= 0.0 or n == 0:
        return np.zeros(n, dtype=bool)
    k = n - int(n * density)
    return np.ones(n, dtype=bool) if k <= 0 else magnitudes >= np.sort(magnitudes)[k - 1]


def without_outliers(magnitudes, density, gamma):
    """Breadcrumbs: of n entries the int(gamma n) largest go, then the smallest until int(density n) are left."""
    n = magnitudes.size
    if density >= 1.0:
        return np.ones(n, dtype=bool)
    count = int(density * n)
    return kept_positions(magnitudes, max(0, n - count - int(gamma * n)), count)


def keep_probabilities(magnitudes, density, epsilon):
    """DELLA: density - epsilon for the smallest of a row to density + epsilon for its largest, linear in the rank. A
    row runs along axis 1 (the whole of a vector); alone in its row an entry stays with probability `density`. Of equal
    magnitudes the lowest index counts as the largest."""
    rows = magnitudes.reshape(1, -1) if magnitudes.ndim < 2 else magnitudes
    n = rows.shape[1]
    if n == 1:
        return np.full(magnitudes.shape, density)
    backwards = np.flip(rows, axis=1)
    ranks = np.flip(np.argsort(np.argsort(backwards, axis=1, kind="stable"), axis=1), axis=1)
    probabilities = (density - epsilon) + ranks / (n - 1.0) * (2.0 * epsilon)
    return probabilities.reshape(magnitudes.shape)


def l1_ratio(values, kept, smallest=1e-7):
    """What the kept entries are multiplied by so that their L1 norm is that of all; 1 where either is tiny."""
    before, after = math.fsum(np.abs(values)), math.fsum(np.abs(values[kept]))
    if before < smallest or after < smallest:
        return 1.0
    return reductions.reduced(before / after)
