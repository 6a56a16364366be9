"""open_with_transformers.py SCRATCH STOCKPOT MAKE_CHECKPOINTS

Merges sharded Llama checkpoints and opens the output as its users do: transformers, safetensors, the tokenizer.
Every value must equal a float64 oracle rounded once.
"""

import json
import pathlib
import shutil
import subprocess
import sys

try:
    import numpy
    import torch
    from safetensors import safe_open
    from transformers import AutoModelForCausalLM, AutoTokenizer
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import exact

WEIGHTS = [0.5, 0.3, 0.4]


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


def stored_tensors(folder):
    """Name -> 16-bit patterns of every tensor of a bfloat16 checkpoint, through the safetensors package."""
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as shard:
            assert shard.metadata() == {"format": "pt"}, (file, shard.metadata())
            for name in shard.keys():
                assert name not in tensors, f"{name} is in two shards"
                tensors[name] = shard.get_tensor(name).view(torch.int16).numpy().view(numpy.uint16)
    return tensors


def check_index(folder, tensors):
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(tensors)
    assert index["metadata"]["total_size"] == sum(bits.nbytes for bits in tensors.values())
    assert set(index["weight_map"].values()) == {file.name for file in folder.glob("*.safetensors")}


def check_values(merged, models):
    assert set(merged) == set(models[0])
    for name, bits in merged.items():
        values = [exact.bfloat16_to_double(model[name]) for model in models]
        expected = exact.round_to_bfloat16(exact.linear(WEIGHTS, values))
        assert bits.shape == expected.shape, name
        different = numpy.count_nonzero(bits != expected)
        assert different == 0, f"{name}: {different} of {bits.size} elements differ from the oracle"


def check_opens(folder, tensors, tied):
    model, info = AutoModelForCausalLM.from_pretrained(folder, torch_dtype="auto", output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    assert model.dtype == torch.bfloat16, model.dtype
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(bits.size for bits in tensors.values())
    for name, parameter in model.state_dict().items():
        if tied and name == "lm_head.weight":
            name = "model.embed_tokens.weight"
        if name in tensors:
            assert numpy.array_equal(parameter.view(torch.int16).numpy().view(numpy.uint16), tensors[name]), name
    tokens = AutoTokenizer.from_pretrained(folder)("soup stock pot", return_tensors="pt")["input_ids"]
    logits = model.float()(tokens).logits
    assert logits.shape == (1, 3, model.config.vocab_size) and torch.isfinite(logits).all()


def merge_and_check(scratch, stockpot, make_checkpoints, tied):
    run(make_checkpoints, "--out", scratch / "checkpoints", "--models", 2, *(["--tie"] if tied else []))
    folders = [scratch / "checkpoints" / name for name in ("anchor", "model-1", "model-2")]
    recipe = scratch / "recipe.yml"
    entries = [
        f"  - {{model: {folder}, parameters: {{weight: {weight}}}}}" for folder, weight in zip(folders, WEIGHTS)
    ]
    recipe.write_text("\n".join(["merge_method: linear", "models:", *entries, "dtype: bfloat16", ""]))
    merged = scratch / "merged"
    run(stockpot, "merge", recipe, merged, "--shard-size", "150KB")

    tensors = stored_tensors(merged)
    check_index(merged, tensors)
    check_values(tensors, [stored_tensors(folder) for folder in folders])
    check_opens(merged, tensors, tied)
    assert ("lm_head.weight" in tensors) != tied


def main():
    scratch, stockpot, make_checkpoints = (pathlib.Path(argument) for argument in sys.argv[1:])
    for tied in (False, True):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        merge_and_check(scratch, stockpot, make_checkpoints, tied)
    print("transformers and safetensors open the merged checkpoints; every value equals the oracle")


main()
