"""What the kit says of one text under each tiny model, for the service's tests. Run it to write the file anew."""

import json
from functools import partial
from pathlib import Path

import torch
from fixtures import FIXTURES, REFERENCE
from torch import Tensor

from fewstep_train.evaluation.measures.likelihood import Bound, flow_bound, masked_bound
from fewstep_train.flow.path import Scheduler, stratified_times
from fewstep_train.folder.exported import read_exported
from fewstep_train.kinds import CANVAS
from fewstep_train.masked.logits import LOGITS
from fewstep_train.networks.config import make_network

FILE = REFERENCE / "likelihoods.json"
NAMES = ("tiny-text", "tiny-mask", "tiny-uniform", "tiny-llada", "tiny-dream")
TOKENS = [7, 3, 41, 14, 15, 9, 26, 5, 35, 8]
ROWS, REPEATS = 256, 8


def without_mask(predict: partial, mask_token_id: int, canvas: Tensor) -> Tensor:
    """As the step graph has it: a mask is never drawn."""
    return predict(canvas).index_fill(-1, torch.tensor([mask_token_id]), -torch.inf)


def bound_of(folder: Path) -> Bound:
    exported = read_exported(folder)
    network = make_network(exported.config)
    network.load_state_dict(exported.weights, strict=False)
    network.eval()
    if exported.kind == CANVAS:
        return flow_bound(network, Scheduler(exported.manifest["exponent"]))
    mask = exported.config.mask_token_id
    return masked_bound(partial(without_mask, partial(LOGITS[exported.kind], network), mask), mask)


@torch.no_grad()
def likelihood(name: str) -> dict[str, object]:
    """The bound on -ln p of all but the first of TOKENS, nats, over ROWS stratified times, REPEATS times."""
    bound, generator = bound_of(FIXTURES / name), torch.Generator().manual_seed(0)
    tokens = torch.tensor(TOKENS).repeat(ROWS, 1)
    means = torch.stack(
        [bound(tokens, stratified_times(ROWS, generator), generator).double().sum(1).mean() for _ in range(REPEATS)]
    )
    error = means.std() / REPEATS**0.5
    return {"tokens": TOKENS, "nats": round(means.mean().item(), 4), "standard_error": round(error.item(), 4)}


def likelihoods() -> dict[str, dict[str, object]]:
    return {name: likelihood(name) for name in NAMES}


if __name__ == "__main__":
    FILE.write_text(json.dumps(likelihoods(), indent=2) + "\n")
