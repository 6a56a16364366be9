"""What `regmean` and `mats` make of tensors that they do not solve, or not in a single step."""

from .elements import ordered_sum


def mean(tensor, weight):
    return ordered_sum([w * x for w, x in zip(weight, tensor.models)]) / ordered_sum(weight)


def regmean(scope, weight):
    """Without Gram matrices."""
    return [mean(tensor, weight) for tensor in scope.tensors]


def mats(scope, weight, init="task_arithmetic", init_lambda=0.3, others="average", objective="forward", iterations=100):
    """Without matrices, or without a step: tensors with Fisher values keep the start."""

    def start(tensor):
        if init == "average":
            return mean(tensor, weight)
        if init == "zero":
            return 0.0 * tensor.models[0]
        if init == "pretrained":
            return tensor.base
        return init_lambda * ordered_sum([x - tensor.base for x in tensor.models]) + tensor.base

    def merged(tensor):
        assert objective == "forward" or iterations == 0
        is_solved = objective == "diagonal" and tensor.fisher is not None
        return start(tensor) if is_solved or others == "init" else mean(tensor, weight)

    return [merged(tensor) for tensor in scope.tensors]
