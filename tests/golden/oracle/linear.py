"""Weighted sums and means, task arithmetic."""

from .elements import ordered_sum


def linear(scope, weight, normalize=True):
    def merged(models):
        total = ordered_sum([w * x for w, x in zip(weight, models)])
        return total / ordered_sum(weight) if normalize else total

    return [merged(tensor.models) for tensor in scope.tensors]


def uniform_soup(scope):
    return [ordered_sum(tensor.models) / float(scope.model_count) for tensor in scope.tensors]


def task_arithmetic(scope, weight, lambda_=1.0, normalize=False):
    def merged(tensor):
        total = ordered_sum([w * d for w, d in zip(weight, tensor.deltas())])
        return tensor.base + lambda_ * (total / ordered_sum(weight) if normalize else total)

    return [merged(tensor) for tensor in scope.tensors]


def passthrough(scope, scale=None):
    return [tensor.models[0] if scale is None else scale * tensor.models[0] for tensor in scope.tensors]
