"""Perplexity of held-out text for every system of an evaluation."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fewstep_train.evaluation.measures.judge import token_nll
from fewstep_train.evaluation.measures.likelihood import bound_perplexity, flow_bound, masked_bound, perplexity_of
from fewstep_train.evaluation.measures.metrics import Estimate, bootstrap
from fewstep_train.evaluation.run.cells import Bench
from fewstep_train.evaluation.run.judges import own_judge
from fewstep_train.evaluation.run.results import Results
from fewstep_train.evaluation.run.setup import check_tokenizer
from fewstep_train.evaluation.systems.identity import model_identity
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME, DFM, MODEL, NAMES
from fewstep_train.identity import code_identity
from fewstep_train.kinds import CANVAS, DREAM, LLADA
from fewstep_train.masked.logits import LOGITS
from fewstep_train.training.trained import load_trained

# Whose code decides a likelihood: the bounds, the logits they are of, and how weights are read.
CODE = (flow_bound.__module__, *{logits.__module__ for logits in LOGITS.values()}, load_trained.__module__)


def measure_likelihoods(args: argparse.Namespace, bench: Bench, results: Results) -> None:
    """Perplexity of the held-out crops, exact or a bound."""
    tokenizer, crops = bench.judge.tokenizer, bench.crops
    repeats = 1 if args.quick else 4

    def once(name: str, path: Path, exact: bool, perplexity: Callable[[], Estimate]) -> None:
        what = {"kind": "likelihood", "system": name, "identity": model_identity(path), "exact": exact}
        what |= {"repeats": repeats, "code": code_identity(*CODE)}
        results.once({**what, **bench.shared}, lambda: {"perplexity": perplexity()})

    def flow(path: Path) -> Estimate:
        trained = load_trained(path, CANVAS)
        check_tokenizer(path, trained.tokenizer_json, tokenizer)
        return bound_perplexity(flow_bound(trained.network, trained.scheduler), crops, repeats)

    def masked(path: Path, kind: str) -> Estimate:
        trained = load_trained(path, kind)
        check_tokenizer(path, trained.tokenizer_json, tokenizer)
        predict = partial(LOGITS[kind], trained.network)
        return bound_perplexity(masked_bound(predict, trained.network.config.mask_token_id), crops, repeats)

    def exact() -> Estimate:
        nll = token_nll(bench.judge.network, crops)
        return bootstrap(perplexity_of, nll.double().mean(1).numpy())

    once(AUTOREGRESSIVE_NAME, own_judge(args), True, exact)
    once(MODEL, args.model, False, lambda: flow(args.model))
    if args.dfm:
        once(DFM, args.dfm, False, lambda: flow(args.dfm))
    for kind, path in ((LLADA, args.llada), (DREAM, args.dream)):
        if path:
            once(NAMES[kind], path, False, lambda kind=kind, path=path: masked(path, kind))
