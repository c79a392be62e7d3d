"""Write the graphs that benchmarks compare the step graph with; those up to date are left alone."""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from fewstep_train.folder.exported import load_exported
from fewstep_train.folder.model_folder import ModelParts, parameter_arrays, write_model
from fewstep_train.graphs.decoder_graph import build_decoder_graph
from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.step_graph import build_bare_graph
from fewstep_train.identity import code_identity, digest, file_digest
from fewstep_train.kinds import AUTOREGRESSIVE
from fewstep_train.networks.model_facts import canvas_facts, decoder_facts
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.networks.transformer import Transformer, TransformerConfig, trunk_shape
from fewstep_train.training.trained import load_trained

# The published 0.17B model, by its shape.
LARGE = NetworkConfig(
    hidden_size=768,
    cond_dim=128,
    length=1024,
    n_blocks=12,
    n_heads=12,
    vocab_size=50_257,
    source_distribution="uniform",
)
LONGEST = 1024  # tokens that every decoder has rotary positions for

Made = tuple[onnx.ModelProto | None, dict[str, Any]]  # None: the maker wrote its files itself


def random_weights(network: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights that keep the scale of what passes through them; norms 1."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.ones_like(p) if "norm" in name else torch.randn(p.shape, generator=generator) * p.shape[-1] ** -0.5
        for name, p in network.named_parameters()
    }


def as_arrays(weights: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: weight.float().numpy() for name, weight in weights.items()}


def autoregressive_shape(config: NetworkConfig) -> TransformerConfig:
    """The trunk of a canvas network as a causal transformer, with room for long texts."""
    length = max(LONGEST, config.length)
    return trunk_shape(config.hidden_size, config.n_blocks, config.n_heads, config.vocab_size, length)


def reduced(model: onnx.ModelProto, axes: list[int] | None = None) -> onnx.ModelProto:
    """The model with its one output reduced to its maximum over `axes`, so that nothing large leaves the device."""
    graph = model.graph
    axes_input = [] if axes is None else ["reduced_axes"]
    if axes is not None:
        graph.initializer.append(helper.make_tensor("reduced_axes", TensorProto.INT64, [len(axes)], axes))
    graph.node.append(helper.make_node("ReduceMax", [graph.output[0].name, *axes_input], ["largest"], keepdims=0))
    shape = [] if axes is None else ["B", "L"]
    graph.output.pop()
    graph.output.append(helper.make_tensor_value_info("largest", TensorProto.FLOAT, shape))
    return model


def matmul_chain(sizes: list[int], repeats: int) -> Made:
    """x float32 [M, sizes[0]] through `repeats` rounds of products of the given sizes -> largest float32 []."""
    g, generator = GraphBuilder(), np.random.default_rng(0)
    x, flops = "x", 0
    for i in range(repeats):
        for j, (k, n) in enumerate(zip(sizes, [*sizes[1:], sizes[0]], strict=True)):
            weight = generator.standard_normal((k, n), dtype=np.float32) / np.sqrt(k)
            x = g.op("MatMul", x, g.parameter(f"weight_{i}_{j}", weight, np.float32))
            flops += 2 * k * n
    g.output(x, "y")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M", sizes[0]])]
    model = g.model(inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["M", sizes[0]])])
    return reduced(model), {"flops_per_row": flops, "sizes": sizes, "repeats": repeats}


class Recipes:
    """Every benchmark graph by name: a function from nothing to the graph and the facts about it."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.makers: dict[str, Callable[[], Made]] = {
            "matmul": lambda: matmul_chain([256, 1024], 16),
            "matmul-square": lambda: matmul_chain([2048], 2),
            "embedded/bare": lambda: self.embedded(reduce=True),
            "embedded/logits": lambda: self.embedded(reduce=False),
            "embedded/ar": self.embedded_decoder,
            "large/step": self.large_step,
            "large/bare": lambda: self.large(reduce=True),
            "large/logits": lambda: self.large(reduce=False),
            "large/ar": lambda: self.decoder(autoregressive_shape(LARGE)),
        }

    def ingredients(self, name: str) -> list[Path]:
        """Models that a graph depends on beside code: files, or folders whose manifests hold the hashes of theirs."""
        if not name.startswith("embedded/"):
            return []
        return [self.args.model, *([self.args.autoregressive] if name == "embedded/ar" else [])]

    def network(self, config: NetworkConfig, weights: dict[str, torch.Tensor], reduce: bool) -> Made:
        arrays = parameter_arrays(config, weights)
        graph = build_bare_graph(config, arrays)
        return reduced(graph, axes=[2]) if reduce else graph, canvas_facts(config, arrays)

    def embedded(self, reduce: bool) -> Made:
        config, weights, _ = load_exported(self.args.model)
        return self.network(config, weights, reduce)

    def large(self, reduce: bool) -> Made:
        return self.network(LARGE, random_weights(Network(LARGE)), reduce)

    def large_step(self) -> Made:
        weights = random_weights(Network(LARGE))
        stage = {"stage": "none", "weights": "random"}
        folder = self.args.out / "large"
        step_sizes = [2.0**-i for i in range(11)]
        write_model(folder, ModelParts(LARGE, weights, 1.0, None, step_sizes, [stage], int8=True))
        return None, canvas_facts(LARGE, parameter_arrays(LARGE, weights))

    def embedded_decoder(self) -> Made:
        if self.args.autoregressive.exists():
            network = load_trained(self.args.autoregressive, AUTOREGRESSIVE).network
            longer = replace(network.config, length=max(LONGEST, network.config.length))
            return self.decoder(longer, dict(network.named_parameters()))
        return self.decoder(autoregressive_shape(load_exported(self.args.model)[0]))

    def decoder(self, config: TransformerConfig, weights: dict[str, torch.Tensor] | None = None) -> Made:
        arrays = as_arrays({n: w.detach() for n, w in (weights or random_weights(Transformer(config))).items()})
        trained = {"weights": "random" if weights is None else "trained"}
        return build_decoder_graph(config, arrays), {**decoder_facts(config, arrays), **trained}


def recipe_digest(ingredients: list[Path]) -> str:
    """Changes when the code or any file that the graph is made of does."""
    files = [path / "manifest.json" if path.is_dir() else path for path in ingredients]
    return digest(code_identity(__name__), *(file_digest(file) if file.exists() else "none" for file in files))


def write(out: Path, name: str, make: Callable[[], Made], recipe: str) -> None:
    """Write NAME.onnx, then the facts NAME.json, which are the sign that it is whole."""
    graph, facts = out / f"{name}.onnx", out / f"{name}.json"
    if facts.exists() and graph.exists() and json.loads(facts.read_text())["recipe"] == recipe:
        print(f"{graph}: up to date")
        return
    facts.unlink(missing_ok=True)
    model, known = make()
    graph.parent.mkdir(parents=True, exist_ok=True)
    if model is not None:
        onnx.save(model, graph)
    facts.write_text(json.dumps({"name": name, **known, "recipe": recipe}, indent=2) + "\n")
    print(f"{graph}: {graph.stat().st_size / 1e6:.1f} MB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path(".cache/bench"), help="folder (default %(default)s)")
    parser.add_argument("--model", type=Path, default=Path("models/fewstep-stories"), help="the embedded model")
    parser.add_argument(
        "--autoregressive",
        type=Path,
        default=Path("runs/ar.pt"),
        help="its weights are random if there is no such file",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="such as matmul or embedded/ar, or embedded for all")


def run(args: argparse.Namespace) -> None:
    recipes = Recipes(args)
    wanted = args.only or list(recipes.makers)
    names = [name for name in recipes.makers if name in wanted or name.split("/")[0] in wanted]
    unknown = [w for w in wanted if not any(w in (name, name.split("/")[0]) for name in recipes.makers)]
    if unknown:
        raise SystemExit(f"no such graph: {', '.join(unknown)} (there are: {', '.join(recipes.makers)})")
    for name in names:
        write(args.out, name, recipes.makers[name], recipe_digest(recipes.ingredients(name)))
