"""Either network, from its configuration."""

from typing import Any

import torch
from torch import nn

from fewstep_train.kinds import CANVAS
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.networks.transformer import Transformer, TransformerConfig

Config = NetworkConfig | TransformerConfig


def config_from(kind: str, values: dict[str, Any]) -> Config:
    """The configuration that a checkpoint of `kind` holds."""
    return (NetworkConfig if kind == CANVAS else TransformerConfig)(**values)


def make_network(config: Config) -> nn.Module:
    return Network(config) if isinstance(config, NetworkConfig) else Transformer(config)


def empty_network(config: Config) -> nn.Module:
    """A network without memory: its parameters have names and shapes alone."""
    with torch.device("meta"):
        return make_network(config)


def parameter_names(config: Config) -> list[str]:
    return [name for name, _ in empty_network(config).named_parameters()]
