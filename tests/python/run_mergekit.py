"""Runs mergekit 0.1.5 on Debian's torch 1.13, without what merging weights doesn't need of its dependencies."""

import ctypes
import gc
import logging
import runpy
import sys
import types

import torch
import transformers.utils  # looks for accelerate when it is imported: before the stand-ins
import yaml


def stand_in(name, **members):
    sys.modules[name] = module = types.ModuleType(name)
    vars(module).update(members)


# LoRA adapters, pickles, and layouts of Transformers 5, none of which the recipes here have.
stand_in("peft")
stand_in("accelerate")
stand_in("transformers.conversion_mapping", get_checkpoint_conversion_mapping=lambda *_, **__: None)
stand_in("transformers.core_model_loading", WeightRenaming=type("WeightRenaming", (), {}))
stand_in("transformers.initialization", no_init_weights=None)
if not hasattr(torch.dtype, "itemsize"):  # since torch 2.1; a type of C takes no new attribute otherwise
    size = property(lambda dtype: torch.empty((), dtype=dtype).element_size())
    gc.get_referents(vars(torch.dtype))[0]["itemsize"] = size
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(torch.dtype))

from mergekit.config import MergeConfiguration  # noqa: E402
from mergekit.merge import run_merge  # noqa: E402
from mergekit.options import MergeOptions  # noqa: E402

logging.disable(logging.WARNING)


def merge(recipe, out, seed=0):
    """Merges as `mergekit-yaml` does."""
    options = MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True, random_seed=seed)
    run_merge(MergeConfiguration.model_validate(yaml.safe_load(recipe)), str(out), options=options)


if __name__ == "__main__":  # -m MODULE ARGUMENTS..., as of a Python that has all of mergekit
    if sys.argv[1:2] != ["-m"] or len(sys.argv) < 3:
        sys.exit("usage: run_mergekit.py -m MODULE [ARGUMENTS]")
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
