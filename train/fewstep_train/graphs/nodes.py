"""What a node takes and makes, the branches and bodies inside it included."""

from collections.abc import Mapping

import onnx


def subgraphs(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH]


def reads(node: onnx.NodeProto) -> set[str]:
    """What a node takes from outside, its branches included."""
    names = set(node.input)
    for graph in subgraphs(node):
        made = {name for inner in graph.node for name in inner.output} | {t.name for t in graph.initializer}
        names |= {name for inner in graph.node for name in reads(inner)} - made
    return names - {""}


def rename(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    """What a node takes and makes, its branches included."""
    for side in (node.input, node.output):
        side[:] = [names.get(name, name) for name in side]
    for graph in subgraphs(node):
        for inner in graph.node:
            rename(inner, names)
