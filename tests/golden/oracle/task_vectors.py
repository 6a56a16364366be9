"""The family of task vectors: sparsify, elect signs, combine."""

import numpy as np

from . import random_numbers, sparsify
from .elements import kept_sum, on_anchor, ordered_sum
from .scopes import joined

SMALLEST_DIVISOR = 1e-8  # of the sum of all weights, for methods without an election


def combine(scope, deltas, kept, weight, lambda_, normalize):
    """b + lambda S(w d), with `normalize` the sum divided by the sum of all weights."""
    total = ordered_sum(weight)
    divisor = 1.0 if not normalize or abs(total) < SMALLEST_DIVISOR else total
    merged = []
    for t, tensor in enumerate(scope.tensors):
        change, any_kept = kept_sum([w * d[t] for w, d in zip(weight, deltas)], [k[t] for k in kept])
        merged.append(on_anchor(tensor.base, lambda_ * (change / divisor), any_kept))
    return merged


def elect_and_combine(scope, deltas, kept, weight, lambda_, normalize):
    """mergekit's consensus: the sign of the sum of weighted entries, where it is zero plus; only entries of that sign
    are summed, with `normalize` divided by the sum of their weights (by 1 where that is zero)."""
    merged = []
    for t, tensor in enumerate(scope.tensors):
        weighted = [w * d[t] for w, d in zip(weight, deltas)]
        votes, _ = kept_sum(weighted, [k[t] for k in kept])
        elected = np.where(votes >= 0.0, 1.0, -1.0)
        agreeing = [k[t] & (np.sign(v) == elected) for v, k in zip(weighted, kept)]
        change, any_agrees = kept_sum(weighted, agreeing)
        if normalize:
            divisor, _ = kept_sum([np.full(tensor.shape, w) for w in weight], agreeing)
            change = change / np.where(divisor == 0.0, 1.0, divisor)
        merged.append(on_anchor(tensor.base, lambda_ * change, any_agrees))
    return merged


def ties_paper(scope, deltas, kept, lambda_):
    """Authors' election: a zero sum takes the majority of signs of the whole scope (a tie there is plus), and what
    agrees is averaged."""
    votes = [kept_sum([d[t] for d in deltas], [k[t] for k in kept])[0] for t in range(len(scope.tensors))]
    majority = 1.0 if sum(int(np.sum(np.sign(v))) for v in votes) >= 0 else -1.0
    merged = []
    for t, tensor in enumerate(scope.tensors):
        elected = np.where(votes[t] == 0.0, majority, np.sign(votes[t]))
        agreeing = [k[t] & (np.sign(d[t]) == elected) for d, k in zip(deltas, kept)]
        change, any_agrees = kept_sum([d[t] for d in deltas], agreeing)
        count = np.maximum(1, sum(a.astype(int) for a in agreeing))
        merged.append(on_anchor(tensor.base, lambda_ * (change / count), any_agrees))
    return merged


def model_deltas(scope):
    """[model][tensor] -> task vector."""
    per_tensor = [tensor.deltas() for tensor in scope.tensors]
    return [[deltas[i] for deltas in per_tensor] for i in range(scope.model_count)]


def selected(scope, deltas, masks, rescale):
    """Splits masks of the scope into tensors; with `rescale` each model's kept entries get back its L1 norm."""
    scaled = []
    for model, mask in zip(deltas, masks):
        ratio = sparsify.l1_ratio(joined(model), mask) if rescale and not mask.all() else None
        scaled.append(model if ratio is None else [d * ratio for d in model])
    return scaled, [scope.split(mask) for mask in masks]


def ties(scope, weight, density, lambda_=1.0, normalize=True, rescale=False, semantics="mergekit"):
    deltas = model_deltas(scope)
    trim = sparsify.largest if semantics == "mergekit" else sparsify.at_least_threshold
    masks = [trim(np.abs(joined(model)), p) for model, p in zip(deltas, density)]
    if semantics == "paper":
        return ties_paper(scope, deltas, [scope.split(mask) for mask in masks], lambda_)
    deltas, kept = selected(scope, deltas, masks, rescale)
    return elect_and_combine(scope, deltas, kept, weight, lambda_, normalize)


def breadcrumbs(scope, weight, density, gamma, lambda_=1.0, normalize=False, rescale=False, elect=False):
    deltas = model_deltas(scope)
    masks = [sparsify.without_outliers(np.abs(joined(d)), p, g) for d, p, g in zip(deltas, density, gamma)]
    deltas, kept = selected(scope, deltas, masks, rescale)
    return (elect_and_combine if elect else combine)(scope, deltas, kept, weight, lambda_, normalize)


def randomly_kept(scope, model, probabilities):
    """Mask of a model's entries in the scope: its own random numbers decide, element by element."""
    masks = []
    for tensor, probability in zip(scope.tensors, probabilities):
        words = random_numbers.words(scope.seed, scope.model_names[model], tensor.name, int(np.prod(tensor.shape)))
        threshold = random_numbers.keep_threshold(probability)
        masks.append(words.reshape(tensor.shape) < threshold)
    return joined(masks)


def dare(scope, weight, density, lambda_=1.0, normalize=False, rescale=True, elect=False, semantics="mergekit"):
    deltas = model_deltas(scope)
    masks = [
        randomly_kept(scope, i, [np.full(tensor.shape, p) for tensor in scope.tensors]) for i, p in enumerate(density)
    ]
    if semantics == "paper" and rescale:
        deltas = [[d / p if 0.0 < p < 1.0 else d for d in model] for model, p in zip(deltas, density)]
    deltas, kept = selected(scope, deltas, masks, rescale and semantics == "mergekit")
    return (elect_and_combine if elect else combine)(scope, deltas, kept, weight, lambda_, normalize)


def della(
    scope, weight, density, epsilon, lambda_=1.0, normalize=True, rescale=True, elect=True, semantics="mergekit"
):
    deltas, masks = model_deltas(scope), []
    for i, (p, e) in enumerate(zip(density, epsilon)):
        if p <= 0.0 or p >= 1.0:
            masks.append(joined([np.full(tensor.shape, p >= 1.0) for tensor in scope.tensors]))
            continue
        probabilities = [sparsify.keep_probabilities(np.abs(d), p, e) for d in deltas[i]]
        masks.append(randomly_kept(scope, i, probabilities))
        if semantics == "paper" and rescale:
            deltas[i] = [d / probability for d, probability in zip(deltas[i], probabilities)]
    deltas, kept = selected(scope, deltas, masks, rescale and semantics == "mergekit")
    return (elect_and_combine if elect else combine)(scope, deltas, kept, weight, lambda_, normalize)
