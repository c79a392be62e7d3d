"""Perplexity of held-out text for every system of an evaluation."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from fewstep_train.evaluation.measures.judge import token_nll
from fewstep_train.evaluation.measures.likelihood import bound_perplexity, flow_bound, masked_bound, perplexity_of
from fewstep_train.evaluation.measures.metrics import Estimate, bootstrap
from fewstep_train.evaluation.run.cells import Bench
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.run.same_tokenizer import check_tokenizer
from fewstep_train.evaluation.systems.identity import model_identity
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME, NAMES
from fewstep_train.identity import code_identity
from fewstep_train.kinds import CANVAS
from fewstep_train.masked.logits import LOGITS
from fewstep_train.training.trained import load_trained

# Whose code decides a likelihood: the bounds, the logits they are of, and how weights are read.
CODE = (flow_bound.__module__, *{logits.__module__ for logits in LOGITS.values()}, load_trained.__module__)
KINDS = {name: kind for kind, name in NAMES.items()}


def measure_likelihoods(paths: Mapping[str, Path], bench: Bench, results: Results, repeats: int) -> None:
    """Perplexity of the held-out crops under each system of `paths`: exact, or a bound from `repeats` draws."""
    for name, path in paths.items():
        what = {"kind": "likelihood", "system": name, "identity": model_identity(path)}
        what |= {"exact": name == AUTOREGRESSIVE_NAME, "repeats": repeats, "code": code_identity(*CODE)}
        results.once({**what, **bench.shared}, partial(measured, name, path, bench, repeats))


def measured(name: str, path: Path, bench: Bench, repeats: int) -> Record:
    return {"perplexity": exact(bench) if name == AUTOREGRESSIVE_NAME else bound(name, path, bench, repeats)}


def exact(bench: Bench) -> Estimate:
    nll = token_nll(bench.judge.network, bench.crops)
    return bootstrap(perplexity_of, nll.double().mean(1).numpy())


def bound(name: str, path: Path, bench: Bench, repeats: int) -> Estimate:
    kind = KINDS.get(name, CANVAS)
    trained = load_trained(path, kind)
    check_tokenizer(path, trained.tokenizer_json, bench.judge.tokenizer)
    network = trained.network
    if kind == CANVAS:
        terms = flow_bound(network, trained.scheduler)
    else:
        terms = masked_bound(partial(LOGITS[kind], network), network.config.mask_token_id)
    return bound_perplexity(terms, bench.crops, repeats)
