"""A network with what is known of its training, from a checkpoint or from an exported model's folder."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fewstep_train.flow.path import Scheduler
from fewstep_train.folder.exported import read_exported
from fewstep_train.networks.config import config_from, make_network
from fewstep_train.networks.network import Network
from fewstep_train.networks.transformer import Transformer
from fewstep_train.training.checkpoint import load_checkpoint, stages_of


@dataclass(frozen=True)
class Trained:
    """`network` with the weight average, in eval mode; `stages`: how it was trained, one entry a stage.

    `exponent`: of the scheduler that a flow network was trained with.
    """

    network: Network | Transformer
    tokenizer_json: str
    stages: list[dict[str, Any]] = field(default_factory=list)
    exponent: float = 1.0

    @property
    def scheduler(self) -> Scheduler:
        return Scheduler(self.exponent)


def load_trained(path: Path, kind: str) -> Trained:
    """`path`: a training checkpoint or an exported model's folder, of `kind`."""
    if path.is_dir():
        exported = read_exported(path, kind)
        if exported.tokenizer_json is None:
            raise SystemExit(f"{path}: the model has no tokenizer")
        network = make_network(exported.config)
        network.load_state_dict(exported.weights, strict=False)  # inv_freq is a constant, not stored
        return Trained(network.eval(), exported.tokenizer_json, exported.stages, exported.manifest["exponent"])
    checkpoint = load_checkpoint(path, kind)
    network = make_network(config_from(kind, checkpoint["config"]))
    network.load_state_dict(checkpoint["ema"])
    exponent = checkpoint.get("exponent", 1.0)
    return Trained(network.eval(), checkpoint["tokenizer"], stages_of(checkpoint), exponent)
