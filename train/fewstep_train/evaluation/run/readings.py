"""Texts that are written to be read by people: unpicked, a seed each."""

from dataclasses import replace

import torch
from tokenizers import Tokenizer

from fewstep_train.evaluation.measures.passages import first_document
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.systems.samples import Sampling, System
from fewstep_train.identity import code_identity


def measure_readings(
    system: System, sampling: Sampling, seeds: range, tokens: int, tokenizer: Tokenizer, results: Results
) -> list[Record]:
    """A record of each seed: `text`, the first document of a canvas of `tokens` written from nothing."""
    canvas = torch.zeros(1, tokens, dtype=torch.long)
    editable = torch.ones(1, tokens, dtype=torch.bool)

    def written(seed: int) -> Record:
        samples = system.sample(canvas, editable, replace(sampling, seed=seed))
        text = tokenizer.decode(samples.tokens[0].tolist(), skip_special_tokens=False)
        return {"text": first_document(text)}

    code = code_identity(type(system).__module__, __name__)
    what = {"kind": "reading", "system": system.name, "identity": system.identity, "code": code, "tokens": tokens}
    how = {
        "steps": sampling.steps,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "jumps": sampling.jumps,
        "solver": sampling.solver,
        "schedule": sampling.schedule,
    }
    return [results.once({**what, **how, "seed": s}, lambda s=s: written(s))[0] for s in seeds]
