"""Means weighted by Fisher values."""

import numpy as np

from .elements import ordered_sum
from .reductions import norm, reduced
from .scopes import joined


def fisher(scope, weight, normalization="model", floor=1e-8, favor_target=False):
    informed = [tensor for tensor in scope.tensors if tensor.fisher is not None]

    def scales(tensors):
        norms = [reduced(norm(joined([tensor.fisher[i] for tensor in tensors]))) for i in range(scope.model_count)]
        return [w / (n if n != 0.0 else 1.0) for w, n in zip(weight, norms)]

    def merged(tensor):
        plain = ordered_sum([w * x for w, x in zip(weight, tensor.models)]) / ordered_sum(weight)
        if tensor.fisher is None:
            return plain
        if normalization == "none":
            factors = weight
        else:
            factors = scales(informed if normalization == "model" else [tensor])
        floors = [0.0 if favor_target and i > 0 else floor for i in range(scope.model_count)]
        values = [c * np.maximum(f, least) for c, f, least in zip(factors, tensor.fisher, floors)]
        total = ordered_sum(values)
        with np.errstate(invalid="ignore"):
            mean = ordered_sum([f * x for f, x in zip(values, tensor.models)]) / total
        return np.where(total == 0.0, plain, mean)

    return [merged(tensor) for tensor in scope.tensors]
