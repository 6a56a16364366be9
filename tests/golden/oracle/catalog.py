"""Names of the methods, as recipes write them, and what a recipe may leave out."""

import dataclasses
import functools
import typing

from . import fisher, linear, model_stock, others, solved, spherical, task_vectors


@dataclasses.dataclass
class Method:
    merge: typing.Callable
    per_model: dict = dataclasses.field(default_factory=dict)  # defaults of parameters that each model has
    by_semantics: bool = False  # takes `semantics`
    paper: dict = dataclasses.field(default_factory=dict)  # parameters and scope that `semantics: paper` changes
    random: bool = False


def task_vector_method(function, fixed, per_model, by_semantics=False, random=False, paper=None):
    merge = functools.partial(function, **fixed)
    return Method(merge, {"density": 1.0, **per_model}, by_semantics, paper or {}, random)


SUM = {"normalize": False, "elect": False}
CONSENSUS = {"normalize": False, "elect": True}
METHODS = {
    "linear": Method(linear.linear),
    "uniform_soup": Method(linear.uniform_soup),
    "weighted": Method(linear.linear),
    "task_arithmetic": Method(linear.task_arithmetic),
    "passthrough": Method(linear.passthrough),
    "fisher": Method(fisher.fisher, {"weight": 1.0}),
    "regmean": Method(solved.regmean, {"weight": 1.0}),
    "mats": Method(solved.mats, {"weight": 1.0}),
    "slerp": Method(spherical.slerp),
    "nuslerp": Method(spherical.nuslerp),
    "multislerp": Method(spherical.multislerp),
    "karcher": Method(spherical.karcher),
    "mlerp": Method(spherical.mlerp),
    "model_stock": Method(model_stock.model_stock),
    "ties": task_vector_method(task_vectors.ties, {}, {}, True, paper={"density": 0.2, "scope": "model"}),
    "dare_linear": task_vector_method(task_vectors.dare, SUM, {}, True, True),
    "dare_ties": task_vector_method(task_vectors.dare, CONSENSUS, {}, True, True),
    "breadcrumbs": task_vector_method(task_vectors.breadcrumbs, SUM, {"gamma": 0.01}),
    "breadcrumbs_ties": task_vector_method(task_vectors.breadcrumbs, CONSENSUS, {"gamma": 0.01}),
    "della": task_vector_method(
        task_vectors.della, {"normalize": True, "elect": True}, {"epsilon": 0.15}, True, True
    ),
    "della_linear": task_vector_method(task_vectors.della, SUM, {"epsilon": 0.15}, True, True),
    "sce": Method(others.sce, paper={"smallest": 0.0}),
    "ram": Method(others.ram, paper={"epsilon": 0.0}),
    "ramplus_tl": Method(functools.partial(others.ram, r=0.1, alpha=0.2), paper={"epsilon": 0.0}),
    "nearswap": Method(others.nearswap),
    "arcee_fusion": Method(others.arcee_fusion),
}
