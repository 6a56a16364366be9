"""Sums over models, element by element, from left to right."""

import numpy as np


def ordered_sum(terms):
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def kept_sum(terms, kept):
    """Sum of the terms that are kept, starting from the first of them, and where there is any. An entry that is
    dropped contributes nothing, not +0."""
    total = np.zeros_like(terms[0])
    begun = np.zeros(terms[0].shape, dtype=bool)
    for term, keep in zip(terms, kept):
        total = np.where(keep, np.where(begun, total + term, term), total)
        begun = begun | keep
    return total, begun


def on_anchor(base, change, where):
    """The anchor changed where there is something to change it by; elsewhere its very bits."""
    return np.where(where, base + change, base)
