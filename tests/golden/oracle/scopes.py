"""The tensors that share a threshold, a norm or an angle."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class Tensor:
    """One tensor of every model, as float64 in its shape."""

    name: str
    models: list  # arrays, recipe order, without the anchor
    base: np.ndarray | None = None
    fisher: list | None = None  # Fisher values of the models, where all have some

    @property
    def shape(self):
        return self.models[0].shape

    def deltas(self):
        """Task vectors; the tensors themselves where there is no anchor."""
        return [x if self.base is None else x - self.base for x in self.models]


@dataclasses.dataclass
class Scope:
    """Tensors in bytewise order of their names, and what random numbers are keyed by."""

    tensors: list
    model_names: list
    seed: int = 0

    @property
    def model_count(self):
        return len(self.model_names)

    def split(self, values):
        """One long vector -> one array per tensor."""
        ends = np.cumsum([int(np.prod(tensor.shape)) for tensor in self.tensors])
        parts = np.split(values, ends[:-1])
        return [part.reshape(tensor.shape) for part, tensor in zip(parts, self.tensors)]


def joined(arrays):
    """The scope read as one long vector."""
    return np.concatenate([np.ravel(array) for array in arrays]) if arrays else np.zeros(0)


def layer_of(name):
    """Up to the first component of digits; names without one lose their last component."""
    parts = name.split(".")
    for position, part in enumerate(parts):
        if part.isdigit():
            return ".".join(parts[: position + 1])
    return ".".join(parts[:-1]) or name


def grouped(tensors, scope):
    """Lists of tensors that share statistics under `scope: tensor | layer | model`."""
    key = {"tensor": lambda tensor: tensor.name, "layer": lambda tensor: layer_of(tensor.name), "model": lambda _: ""}
    groups = {}
    for tensor in sorted(tensors, key=lambda tensor: tensor.name.encode()):
        groups.setdefault(key[scope](tensor), []).append(tensor)
    return list(groups.values())
