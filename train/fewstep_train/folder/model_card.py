"""MODEL_CARD.md of an exported model: what it is, what it was trained on, how to run it."""

from typing import Any

ALGORITHMS = {
    "fs-dfm": "few-step discrete flow matching (FS-DFM)",
    "dfm": "discrete flow matching (DFM)",
    "llada": "masked diffusion with low-confidence remasking (LLaDA-style)",
    "dream": "masked diffusion begun from an autoregressive model, in the order of entropy (Dream-style)",
    "autoregressive": "autoregressive, from left to right",
}

TAGS = {
    "fs-dfm": "discrete-flow-matching, diffusion-language-model, fs-dfm",
    "dfm": "discrete-flow-matching, diffusion-language-model",
    "llada": "masked-diffusion, diffusion-language-model, llada",
    "dream": "masked-diffusion, diffusion-language-model, dream",
    "autoregressive": "autoregressive",
}

AUTOREGRESSIVE_USE = """\
It judges others (`python -m fewstep_train evaluate --judge`) and Dream-style models begin from it; the service does not
run it. `decoder.onnx` makes the next token with a key-value cache. Training goes on from this folder with
`python -m fewstep_train pretrain-autoregressive --init`."""


def stage_line(stage: dict[str, Any]) -> str:
    """One stage of training as a line of text: its name, then what is known of it."""
    texts = {key: " + ".join(map(str, v)) if isinstance(v, list) else v for key, v in stage.items()}
    facts = [f"{key.replace('_', ' ')} {text}" for key, text in texts.items() if key != "stage"]
    return f"{stage['stage']}: {', '.join(facts)}"


def trained_step_sizes(manifest: dict[str, Any]) -> str:
    sizes = ", ".join(f"1/{round(1 / h)}" if h < 1 else "1" for h in manifest["trained_step_sizes"])
    return sizes or "none (the network is not told the step size)"


def facts_of(manifest: dict[str, Any]) -> dict[str, str]:
    """What there is to say of the model; models of masked diffusion have no solver, autoregressive ones no steps."""
    network, algorithm, defaults = manifest["network"], manifest["algorithm"], manifest["defaults"]
    flow = algorithm in ("fs-dfm", "dfm")
    width = f"D {network['hidden_size']}" + (f", C {network['cond_dim']}" if flow else "")
    facts = {
        "Algorithm": ALGORITHMS[algorithm],
        "Source distribution": flow and manifest["source_distribution"],
        "Scheduler": flow and f"polynomial, kappa(t) = t^{manifest['exponent']:g}",
        "Parameters": f"{manifest['parameters'] / 1e6:.2f} M, stored as {manifest['weights']}",
        "Shape": f"{width}, {network['n_blocks']} blocks, {network['n_heads']} heads",
        "Vocabulary": f"{manifest['vocab_size']:,} tokens",
        "Longest canvas": f"{manifest['max_length']:,} tokens",
        "Trained step sizes": flow and trained_step_sizes(manifest),
        "Defaults": algorithm != "autoregressive"
        and ", ".join(f"{key} {value}" for key, value in defaults.items() if flow or key not in ("solver", "jumps")),
    }
    return {key: value for key, value in facts.items() if value}


def use(manifest: dict[str, Any]) -> str:
    name = manifest["name"]
    if manifest["algorithm"] == "autoregressive":
        return AUTOREGRESSIVE_USE
    onwards = {
        "fs-dfm": "`python -m fewstep_train pretrain --init` or `distill --init`",
        "dfm": "`python -m fewstep_train pretrain --init`",
    }.get(manifest["algorithm"], "`python -m fewstep_train pretrain-masked --init`")
    return f"""`FEWSTEP_MODEL=path/to/{name} npm start` serves it; `step.onnx` is one fused refinement step, network and
sampler, whose inputs and outputs docs/architecture.md of fewstep describes. Training goes on from this folder with
{onwards}."""


def model_card(manifest: dict[str, Any], data_card: str) -> str:
    """Markdown with a YAML head. `data_card`: what to say about the training data, Markdown."""
    rows = "\n".join(f"| {key} | {value} |" for key, value in facts_of(manifest).items())
    history = "\n".join(f"{i}. {stage_line(s)}" for i, s in enumerate(manifest["training"]["stages"], 1))
    return f"""---
license: apache-2.0
language: en
pipeline_tag: text-generation
tags: [{TAGS[manifest["algorithm"]]}, onnx]
---
# {manifest["name"]}

| | |
|---|---|
{rows}

## Training
{history or "Not trained."}

## Training data
{data_card.strip()}

## Use
{use(manifest)}

It is a small language model: what it writes is fluent before it is sensible, it knows no facts, and it may repeat
attitudes of its training text. Do not use it where its words decide anything.
"""
