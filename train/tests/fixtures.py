"""The tiny models of the service's tests, made from seeds and the golden checkpoints. Run it to write them anew."""

from pathlib import Path

import numpy as np
import torch
from faulty_graph import write_faulty_model
from tokenizers import Tokenizer

from fewstep_train.__main__ import main
from fewstep_train.folder.model_folder import ModelParts, write_model
from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.networks.transformer import Transformer, TransformerConfig
from fewstep_train.text.tokenizer import train_tokenizer

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "test" / "reference"
FIXTURES = ROOT / "test" / "fixtures" / "models"
SENTENCES = [
    "Once upon a time a little fox lived under the old oak tree at the end of the lane.",
    "Every morning the fox said good day to the wind, and the wind said good day to the fox.",
    "One day the wind did not answer, so the fox went out into the wood to look for it.",
    'The owl asked, "Where are you going, little fox?" and the fox told her the whole story.',
]
TEXT_SHAPE = {"hidden_size": 32, "cond_dim": 16, "length": 64, "n_blocks": 2, "n_heads": 4}
MASKED_SHAPE = {"hidden_size": 32, "intermediate_size": 64, "length": 64, "n_blocks": 2, "n_heads": 4}
JUDGE_SHAPE = {"hidden_size": 16, "n_blocks": 1, "n_heads": 2, "n_kv_heads": 2, "intermediate_size": 32, "length": 64}
PUBLISHED_TRUNK = {"norm": "rms", "mlp": "swiglu", "output_bias": False, "causal": False}


def tiny_tokenizer() -> str:
    """Byte-level BPE of 320 tokens, as JSON."""
    return train_tokenizer(iter(SENTENCES), 320).to_str(pretty=True)


def random_weights(network: torch.nn.Module, seed: int) -> dict[str, torch.Tensor]:
    """Weights large enough that the posterior depends on the canvas."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.ones_like(p) if "norm" in name else torch.randn(p.shape, generator=generator) * p.shape[-1] ** -0.5
        for name, p in network.named_parameters()
    }


def write_text_model(folder: Path, **shape: str) -> None:
    tokenizer = tiny_tokenizer()
    config = NetworkConfig(**TEXT_SHAPE, **shape, vocab_size=Tokenizer.from_str(tokenizer).get_vocab_size())
    write_model(
        folder,
        ModelParts(
            config=config,
            weights=random_weights(Network(config), seed=1),
            exponent=1.0,
            tokenizer_json=tokenizer,
            trained_step_sizes=[],
            stages=[],
            dtype=np.float16,
        ),
    )


def write_masked_model(folder: Path, kind: str, *, float16: bool = False, **shape: int | bool) -> None:
    tokenizer = tiny_tokenizer()
    size = Tokenizer.from_str(tokenizer).get_vocab_size()
    config = TransformerConfig(**MASKED_SHAPE, **PUBLISHED_TRUNK, **shape, vocab_size=size, mask_token_id=size)
    weights = random_weights(Transformer(config), seed=2)
    write_model(folder, ModelParts(config, weights, 1.0, tokenizer, [], [], kind=kind, float16=float16))


def write_reference_model(folder: Path, source: str) -> None:
    reference = REFERENCE / source
    files = ["--checkpoint", str(reference / "checkpoint.pth"), "--config", str(reference / "config.json")]
    main(["import-checkpoint", *files, "--store", "float32", "--out", str(folder)])


def write_all(folder: Path) -> None:
    write_text_model(folder / "tiny-text")
    write_masked_model(folder / "tiny-llada", LLADA, n_kv_heads=4)
    write_masked_model(folder / "tiny-dream", DREAM, n_kv_heads=2, qkv_bias=True)
    write_masked_model(folder / "tiny-half", DREAM, float16=True, n_kv_heads=2, qkv_bias=True)
    for source in ("mask", "uniform"):
        write_reference_model(folder / f"tiny-{source}", source)
    write_faulty_model(folder / "tiny-faulty")


if __name__ == "__main__":
    write_all(FIXTURES)
