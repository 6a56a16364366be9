"""Sums over elements, exactly rounded, and the coefficients that follow from them."""

import contextlib
import math

import numpy as np

_random = None


@contextlib.contextmanager
def varied(seed):
    """Within it every reduced number comes out up to 1e-12 off, as another order of summation might leave it."""
    global _random
    _random = np.random.Generator(np.random.Philox(seed))
    try:
        yield
    finally:
        _random = None


def reduced(value):
    """Marks a number that elements are multiplied by or compared with as coming from sums over elements."""
    if _random is None:
        return value
    return value * (1.0 + 1e-12 * _random.choice([-1.0, 1.0], np.shape(value)))


def total(values):
    return math.fsum(np.ravel(values))


def dot(a, b):
    return math.fsum(np.ravel(a) * np.ravel(b))


def norm(a):
    return math.sqrt(dot(a, a))


def gram(vectors):
    return [[dot(a, b) for b in vectors] for a in vectors]
