"""Nothing of a step graph falls back to the CPU on CUDA: asserted from the graph, no GPU needed."""

from dataclasses import replace

import numpy as np
import pytest
from golden import SOURCES, golden_arrays, load_golden
from onnx import TensorProto, helper
from tiny_transformers import GPT, LLAMA, random_transformer

from fewstep_train.graphs.cuda_operators import ON_HOST, missing_kernels, on_host, runs
from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.masked_step_graph import build_masked_step_graph
from fewstep_train.graphs.step_graph import build_step_graph
from fewstep_train.kinds import MASKED

ON_CUDA = ["float32", "float16"]


def step_graph(source="mask", weights="student_ema", **changes):
    config, _ = load_golden(source, weights)
    return build_step_graph(config, golden_arrays(source, weights), **changes)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("weights", ["student_ema", "teacher"])
@pytest.mark.parametrize("exponent", [1.0, 2.0])
@pytest.mark.parametrize("compute", ON_CUDA)
def test_every_operator_of_a_step_has_a_cuda_kernel_for_its_types(source, weights, exponent, compute):
    assert missing_kernels(step_graph(source, weights, exponent=exponent, compute=compute)) == []


def masked_step_graph(kind, config, compute="float32"):
    network = random_transformer(replace(config, causal=False, mask_token_id=50))
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    return build_masked_step_graph(kind, network.config, arrays, compute=compute)


@pytest.mark.parametrize("kind", MASKED)
@pytest.mark.parametrize("config", [GPT, LLAMA], ids=["layer-norm", "rms-norm, shared heads"])
@pytest.mark.parametrize("compute", ON_CUDA)
def test_the_steps_of_masked_diffusion_run_on_cuda_too(kind, config, compute):
    graph = masked_step_graph(kind, config, compute)
    assert missing_kernels(graph) == []
    assert on_host(graph.graph) == ON_HOST


@pytest.mark.parametrize("compute", ON_CUDA)
def test_only_the_positions_are_worked_out_on_the_host(compute):
    assert on_host(step_graph(compute=compute).graph) == ON_HOST


def test_a_kernel_without_a_last_version_runs_no_later_version_of_its_operator():
    assert runs("19-20 23", 19)
    assert runs("19-20 23", 20)
    assert not runs("19-20 23", 21)
    assert runs("19-20 23", 23)
    assert not runs("19-20 23", 24)


def test_half_a_type_is_not_taken_where_the_kernel_has_none():
    graph = step_graph(compute="float16")
    for node in graph.graph.node:
        if node.op_type == "Attention":
            node.input[6] = "t"
    assert [line for line in missing_kernels(graph) if line.startswith("Attention")]


def test_eight_bit_products_are_reported_because_they_are_for_cpus():
    missing = missing_kernels(step_graph(compute="int8"))
    assert {line.split(" ")[0] for line in missing} >= {"com.microsoft.MatMulIntegerToFloat"}


@pytest.mark.parametrize(
    ("kind", "dtype", "attributes"), [("CumSum", np.int8, {}), ("ArgMax", np.int64, {}), ("Erf", np.float32, {})]
)
def test_an_unknown_operator_or_type_is_reported_also_inside_a_branch(kind, dtype, attributes):
    inner = GraphBuilder(prefix="inner_")
    axis = [inner.const(0, np.int64)] if kind == "CumSum" else []
    output = inner.op(kind, inner.const(np.ones(3), dtype), *axis, **attributes)
    value = helper.make_tensor_value_info(output, TensorProto.UNDEFINED, None)
    branch = helper.make_graph(inner.nodes, "branch", [], [value], list(inner.initializers.values()))
    condition = helper.make_tensor_value_info("condition", TensorProto.BOOL, [])
    result = helper.make_tensor_value_info("result", TensorProto.UNDEFINED, None)
    node = helper.make_node("If", ["condition"], ["result"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph([node], "graph", [condition], [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    assert [line.split(" ")[0] for line in missing_kernels(model)] == [kind, kind]
