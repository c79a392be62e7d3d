"""Who judges, from `--judge`: our own autoregressive model, and beside it one that nobody here trained."""

import argparse
from pathlib import Path

import torch

from fewstep_train.evaluation.measures.independent_judge import IndependentJudge
from fewstep_train.published.causal_models import SMOLLM2, is_published, load_causal


def add_judge_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--judge",
        nargs="+",
        action="extend",
        required=True,
        help="our autoregressive model, its folder or a checkpoint, whose tokenizer counts; and, for bits a byte of an "
        f"independent judge, {SMOLLM2}, a GGUF file, or a folder in Hugging Face's form",
    )


def named_judges(args: argparse.Namespace) -> tuple[str, str | None]:
    """(our own, the independent one); raises SystemExit where there are more of a kind, or none of our own."""
    independent = [name for name in args.judge if is_published(name)]
    own = [name for name in args.judge if not is_published(name)]
    if len(own) != 1 or len(independent) > 1:
        wanted = "name one autoregressive model of this kit, and at most one independent judge"
        raise SystemExit(f"--judge {' '.join(args.judge)}: {wanted}")
    return own[0], independent[0] if independent else None


def own_judge(args: argparse.Namespace) -> Path:
    """Its tokenizer is everybody's, and it is the autoregressive system."""
    return Path(named_judges(args)[0])


def independent_judge(args: argparse.Namespace) -> IndependentJudge | None:
    """On a GPU where there is one."""
    name = named_judges(args)[1]
    if name is None:
        return None
    return IndependentJudge(load_causal(name, "cuda" if torch.cuda.is_available() else "cpu"), args.cache / "judged")
