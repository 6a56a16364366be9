"""One merge: as a recipe, and as a call of the oracle. Both come from the same values."""

import dataclasses
import json
import re

import numpy as np

from . import inputs
from .catalog import METHODS
from .formats import FORMATS, rounded
from .scopes import Scope, Tensor, grouped
from .thinning import thin


@dataclasses.dataclass
class Case:
    method: str
    name: str
    models: str  # letters of the ingredients
    parameters: dict = dataclasses.field(default_factory=dict)
    per_model: dict = dataclasses.field(default_factory=dict)  # parameter -> one value per ingredient
    base: str = ""
    set: str = "layered_"  # prefix of the files; "" for the flat ones
    semantics: str = "mergekit"
    scope: str = ""  # of the recipe; empty: not given
    exclude: tuple = ()  # parts of names
    keep_from: str = ""
    lists_base: bool = False  # the anchor is among `models:` too
    examples: tuple = ()  # in place of weights
    statistics: bool = False  # each model has Fisher values beside it; they may be normalised over the model
    sparsify: dict = dataclasses.field(default_factory=dict)  # of tensors that need no rows cut
    vocabulary: str = ""  # common or pad; for methods and scopes that see one tensor at a time
    folder: str = ""  # below methods/; empty: named as the method

    def file(self, letter):
        return "base" if letter == "base" and not self.set else f"{self.set}{letter}"

    def recipe(self):
        """Text with MODELS where the folder of the models belongs."""
        lines = [f"merge_method: {self.method}"]
        if self.semantics != "mergekit":
            lines.append(f"semantics: {self.semantics}")
        if self.scope:
            lines.append(f"scope: {self.scope}")
        if self.vocabulary:
            lines.append(f"vocabulary: {self.vocabulary}")
        if self.sparsify:
            lines.append(f"sparsify: {flow(self.sparsify)}")
        if self.exclude:
            lines.append(f"exclude: {json.dumps([re.escape(part) for part in self.exclude])}")
        if self.keep_from:
            lines.append(f"keep_from: {self.keep_from}")
        if self.base:
            lines.append(f"base_model: MODELS/{self.file(self.base)}.safetensors")
        if self.parameters:
            lines.append(f"parameters: {flow(self.parameters)}")
        lines.append("models:")
        if self.lists_base:
            lines.append(f"  - model: MODELS/{self.file(self.base)}.safetensors")
        named = METHODS[self.method].random or self.keep_from or self.sparsify.get("method") == "dare"
        for number, letter in enumerate(self.models):
            lines.append(f"  - model: MODELS/{self.file(letter)}.safetensors")
            if self.statistics:
                lines.append(f"    statistics: STATISTICS/{self.file(letter)}.h5")
            if named:
                lines.append(f"    name: {letter}")
            if self.examples:
                lines.append(f"    examples: {self.examples[number]}")
            if self.per_model:
                values = {name: values[number] for name, values in self.per_model.items()}
                lines.append(f"    parameters: {flow(values)}")
        return "\n".join(lines) + "\n"

    def arguments(self):
        method = METHODS[self.method]
        paper = dict(method.paper) if self.semantics == "paper" else {}
        scope = self.scope or ("model" if self.statistics else paper.pop("scope", "tensor"))
        paper.pop("scope", None)
        values = {name: [paper.pop(name, value)] * len(self.models) for name, value in method.per_model.items()}
        values.update(self.per_model)
        values.update(paper)
        values.update({"lambda_" if name == "lambda" else name: value for name, value in self.parameters.items()})
        if self.examples:
            values["weight"] = [float(count) for count in self.examples]
        if "scale" in values:
            (values["scale"],) = values["scale"]
        if method.by_semantics:
            values["semantics"] = self.semantics
        return scope, values

    def merged(self, models):
        """What the oracle makes of the checkpoints, rounded: {tensor: (type, values)}."""
        scope, arguments = self.arguments()
        ingredients = [models[self.file(letter)] for letter in self.models]
        fisher = [models[inputs.fisher_of(self.file(letter))] for letter in self.models] if self.statistics else []
        base = models[self.file(self.base)] if self.base else None
        kept = models[self.file(self.keep_from)] if self.keep_from else base or ingredients[0]
        output, tensors = {}, []
        for name, (dtype, values) in kept.items():
            if dtype not in FORMATS or any(part in name for part in self.exclude):
                output[name] = (dtype, values)
                continue
            tensor = Tensor(name, [model[name][1] for model in ingredients], base[name][1] if base else None)
            if fisher and name in fisher[0]:
                tensor.fisher = [values[name][1] for values in fisher]
            if self.vocabulary and len({x.shape for x in tensor.models}) > 1:
                output[name] = (dtype, rounded(self.merged_rows(tensor, arguments), dtype))
            else:
                tensors.append(tensor)
        if self.sparsify:
            thin(tensors, list(self.models), self.semantics, **self.sparsify)
        for group in grouped(tensors, scope):
            values = METHODS[self.method].merge(Scope(group, list(self.models)), **arguments)
            for tensor, merged in zip(group, values):
                dtype = kept[tensor.name][0]
                output[tensor.name] = (dtype, rounded(merged, dtype))
        return output

    def merged_rows(self, tensor, arguments):
        """`common`: the leading rows that all have; `pad`: all rows, each merged over the models that have it."""
        counts = [x.shape[0] for x in tensor.models] + ([] if tensor.base is None else [tensor.base.shape[0]])
        ends = [min(counts)] if self.vocabulary == "common" else sorted(set(counts))
        parts = []
        for first, end in zip([0, *ends], ends):
            holders = [i for i, x in enumerate(tensor.models) if x.shape[0] >= end]
            rows = Tensor(
                tensor.name,
                [tensor.models[i][first:end] for i in holders],
                None if tensor.base is None else tensor.base[first:end],
            )
            own = {k: [v[i] for i in holders] if isinstance(v, list) else v for k, v in arguments.items()}
            scope = Scope([rows], [self.models[i] for i in holders])
            parts += METHODS[self.method].merge(scope, **own)
        return np.concatenate(parts)


def flow(values):
    """A mapping on one line of YAML."""
    return "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items()) + "}"
