"""MODEL_CARD.md of an exported model: what it is, what it was trained on, how to run it."""

from typing import Any

ALGORITHMS = {"fs-dfm": "few-step discrete flow matching (FS-DFM)", "dfm": "discrete flow matching (DFM)"}


def stage_line(stage: dict[str, Any]) -> str:
    """One stage of training as a line of text: its name, then what is known of it."""
    facts = [f"{key.replace('_', ' ')} {value}" for key, value in stage.items() if key != "stage"]
    return f"{stage['stage']}: {', '.join(facts)}"


def model_card(manifest: dict[str, Any], data_card: str) -> str:
    """Markdown with a YAML head. `data_card`: what to say about the training data, Markdown."""
    network, defaults = manifest["network"], manifest["defaults"]
    facts = {
        "Algorithm": ALGORITHMS[manifest["algorithm"]],
        "Source distribution": manifest["source_distribution"],
        "Scheduler": f"polynomial, kappa(t) = t^{manifest['exponent']:g}",
        "Parameters": f"{manifest['parameters'] / 1e6:.2f} M, stored as {manifest['weights']}",
        "Shape": f"D {network['hidden_size']}, C {network['cond_dim']}, {network['n_blocks']} blocks, "
        f"{network['n_heads']} heads",
        "Vocabulary": f"{manifest['vocab_size']:,} tokens",
        "Longest canvas": f"{manifest['max_length']:,} tokens",
        "Trained step sizes": ", ".join(f"1/{round(1 / h)}" if h < 1 else "1" for h in manifest["trained_step_sizes"])
        or "none (the network is not told the step size)",
        "Defaults": ", ".join(f"{key} {value}" for key, value in defaults.items()),
    }
    rows = "\n".join(f"| {key} | {value} |" for key, value in facts.items())
    history = "\n".join(f"{i}. {stage_line(s)}" for i, s in enumerate(manifest["training"]["stages"], 1))
    return f"""---
license: apache-2.0
language: en
pipeline_tag: text-generation
tags: [discrete-flow-matching, diffusion-language-model, fs-dfm, onnx]
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
`FEWSTEP_MODEL=path/to/{manifest["name"]} npm start` serves it; `step.onnx` is one fused refinement step, network and
sampler, whose inputs and outputs docs/architecture.md of fewstep describes. Training goes on from this folder with
`python -m fewstep_train pretrain --init` or `distill --init`.

It is a small language model: what it writes is fluent before it is sensible, it knows no facts, and it may repeat
attitudes of its training text. Do not use it where its words decide anything.
"""
