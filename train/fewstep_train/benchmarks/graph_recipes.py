"""Every benchmark graph by name, and what others read of the same weights; those up to date are left alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import torch

from fewstep_train.benchmarks.graphs import (
    LARGE,
    LONGEST,
    MASKED,
    Made,
    as_arrays,
    autoregressive_shape,
    matmul_chain,
    random_weights,
    reduced,
)
from fewstep_train.benchmarks.llada_gguf import Precision, write_gguf
from fewstep_train.folder.exported import load_exported
from fewstep_train.folder.model_folder import ModelParts, parameter_arrays, write_model
from fewstep_train.graphs.decoder_graph import build_decoder_graph
from fewstep_train.graphs.step_graph import build_bare_graph
from fewstep_train.identity import code_identity, digest, file_digest
from fewstep_train.kinds import AUTOREGRESSIVE, LLADA
from fewstep_train.networks.model_facts import canvas_facts, decoder_facts, weight_facts
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.networks.transformer import Transformer, TransformerConfig
from fewstep_train.training.trained import load_trained


@dataclass(frozen=True)
class Recipes:
    """Where the graphs go, and what they are made of: the embedded model's folder, and a checkpoint whose weights are
    random where there is no such file."""

    out: Path
    model: Path
    autoregressive: Path

    def makers(self) -> dict[str, Callable[[], Made]]:
        """Every benchmark graph by name: a function from nothing to the graph and the facts about it."""
        return {
            "matmul": lambda: matmul_chain([256, 1024], 16),
            "matmul-square": lambda: matmul_chain([2048], 2),
            "embedded/bare": lambda: self.embedded(reduce=True),
            "embedded/logits": lambda: self.embedded(reduce=False),
            "embedded/ar": self.embedded_decoder,
            "large/step": self.large_step,
            "large/bare": lambda: self.large(reduce=True),
            "large/logits": lambda: self.large(reduce=False),
            "masked/step": self.masked_step,
            "llama/f16.gguf": lambda: self.masked_gguf("F16"),
            "llama/q8_0.gguf": lambda: self.masked_gguf("Q8_0"),
            "large/ar": lambda: self.decoder(autoregressive_shape(LARGE)),
        }

    def ingredients(self, name: str) -> list[Path]:
        """Models that a graph depends on beside code: files, or folders whose manifests hold the hashes of theirs."""
        if not name.startswith("embedded/"):
            return []
        return [self.model, *([self.autoregressive] if name == "embedded/ar" else [])]

    def network(self, config: NetworkConfig, weights: dict[str, torch.Tensor], reduce: bool) -> Made:
        arrays = parameter_arrays(config, weights)
        graph = build_bare_graph(config, arrays)
        return reduced(graph, axes=[2]) if reduce else graph, canvas_facts(config, arrays)

    def embedded(self, reduce: bool) -> Made:
        config, weights, _ = load_exported(self.model)
        return self.network(config, weights, reduce)

    def large(self, reduce: bool) -> Made:
        return self.network(LARGE, random_weights(Network(LARGE)), reduce)

    def large_step(self) -> Made:
        weights = random_weights(Network(LARGE))
        stage = {"stage": "none", "weights": "random"}
        folder = self.out / "large"
        step_sizes = [2.0**-i for i in range(11)]
        write_model(folder, ModelParts(LARGE, weights, 1.0, None, step_sizes, [stage], int8=True))
        return None, canvas_facts(LARGE, parameter_arrays(LARGE, weights))

    def masked_step(self) -> Made:
        weights = random_weights(Transformer(MASKED))
        stage = {"stage": "none", "weights": "random"}
        write_model(self.out / "masked", ModelParts(MASKED, weights, 1.0, None, [], [stage], kind=LLADA, int8=True))
        return None, {**weight_facts(as_arrays(weights)), "shape": MASKED.to_dict()}

    def masked_gguf(self, precision: Precision) -> Made:
        arrays = as_arrays(random_weights(Transformer(MASKED)))
        write_gguf(self.out / "llama" / f"{precision.lower()}.gguf", MASKED, arrays, precision)
        return None, {"shape": MASKED.to_dict()}

    def embedded_decoder(self) -> Made:
        if self.autoregressive.exists():
            network = load_trained(self.autoregressive, AUTOREGRESSIVE).network
            longer = replace(network.config, length=max(LONGEST, network.config.length))
            return self.decoder(longer, dict(network.named_parameters()))
        return self.decoder(autoregressive_shape(load_exported(self.model)[0]))

    def decoder(self, config: TransformerConfig, weights: dict[str, torch.Tensor] | None = None) -> Made:
        arrays = as_arrays({n: w.detach() for n, w in (weights or random_weights(Transformer(config))).items()})
        trained = {"weights": "random" if weights is None else "trained"}
        return build_decoder_graph(config, arrays), {**decoder_facts(config, arrays), **trained}


def recipe_digest(ingredients: list[Path]) -> str:
    """Changes when the code or any file that the graph is made of does."""
    files = [path / "manifest.json" if path.is_dir() else path for path in ingredients]
    return digest(code_identity(__name__), *(file_digest(file) if file.exists() else "none" for file in files))


def write(out: Path, name: str, make: Callable[[], Made], recipe: str) -> None:
    """Write NAME, .onnx where it has no suffix, then the facts NAME.json, which are the sign that it is whole."""
    graph, facts = out / (name if Path(name).suffix else f"{name}.onnx"), out / f"{name}.json"
    if facts.exists() and graph.exists() and json.loads(facts.read_text())["recipe"] == recipe:
        print(f"{graph}: up to date")
        return
    facts.unlink(missing_ok=True)
    graph.parent.mkdir(parents=True, exist_ok=True)
    model, known = make()
    if model is not None:
        onnx.save(model, graph)
    facts.write_text(json.dumps({"name": name, **known, "recipe": recipe}, indent=2) + "\n")
    print(f"{graph}: {graph.stat().st_size / 1e6:.1f} MB")
