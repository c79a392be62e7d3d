"""A network of discrete flow matching as a plain transformer: time and step size fixed, their effect in the weights.

With a mask source its posterior is what masked diffusion learns, so a LLaDA-style model can begin from it and share
its training.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fewstep_train.masked.llada import llada_config
from fewstep_train.networks.network import Block, Modulated, Network
from fewstep_train.networks.transformer import Transformer, trunk_shape


@dataclass(frozen=True)
class Affine:
    """x -> x scale + shift, after a norm; scale and shift [D]."""

    shift: Tensor
    scale: Tensor

    def into(self, norm: Tensor, following: Tensor) -> tuple[Tensor, Tensor]:
        """(weight of the norm, bias of the map `following` [out, D]) that do the same."""
        return norm * (1 + self.scale), following @ self.shift


def vectors(module: Modulated, c: Tensor) -> list[Tensor]:
    return [v[0, 0] for v in module.modulation(c)]


def block_weights(block: Block, c: Tensor) -> dict[str, Tensor]:
    shift1, scale1, gate1, shift2, scale2, gate2 = vectors(block, c)
    first, second = Affine(shift1, scale1), Affine(shift2, scale2)
    inner, outer = block.mlp[0], block.mlp[2]
    weights = {}
    for name in ("qw", "kw", "vw"):
        weight = getattr(block, name).weight
        weights["norm1.weight"], weights[f"{name}.bias"] = first.into(block.norm1.weight, weight)
        weights[f"{name}.weight"] = weight
    weights["norm2.weight"], bias = second.into(block.norm2.weight, inner.weight)
    return weights | {
        "attn_out.weight": gate1[:, None] * block.attn_out.weight,
        "mlp.0.weight": inner.weight,
        "mlp.0.bias": inner.bias + bias,
        "mlp.2.weight": gate2[:, None] * outer.weight,
        "mlp.2.bias": gate2 * outer.bias,
    }


@torch.no_grad()
def unconditioned(network: Network, t: float, h: float) -> Transformer:
    """The transformer with the logits of `network` at t and h, scalars. Raises ValueError for a uniform source."""
    config = network.config
    if config.mask_token_id is None:
        raise ValueError("masked diffusion begins from a mask source")
    shape = trunk_shape(config.hidden_size, config.n_blocks, config.n_heads, config.vocab_size, config.length)
    c = network.condition(torch.tensor([t]), torch.tensor([h]))
    last = network.output_layer
    norm, bias = Affine(*vectors(last, c)).into(last.norm_final.weight, last.linear.weight)
    weights = {
        "vocab_embed.weight": network.vocab_embed.weight,
        "norm_final.weight": norm,
        "output.weight": last.linear.weight,
        "output.bias": last.linear.bias + bias,
    }
    for i, block in enumerate(network.blocks):
        weights |= {f"blocks.{i}.{name}": w for name, w in block_weights(block, c).items()}
    transformer = Transformer(llada_config(replace(shape, qkv_bias=True)))
    transformer.load_state_dict(weights)
    return transformer
