"""Products of activations with weights as ONNX nodes: in float32, in 8-bit integers, or in float16."""

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from fewstep_train.graphs.graph_builder import CONTRIB, LARGEST, SMALLEST, GraphBuilder, byte_rows

ZERO = 128  # the unsigned byte that stands for 0
ONES = 8  # columns more of a state whose output map has a bias: as many as keep its rows on 16 bytes
NEVER = -6e4  # logit of what is never drawn, in float16


def stored(weight: np.ndarray, dtype: np.dtype | type) -> np.ndarray:
    """A weight as it comes back from where it is stored as `dtype`."""
    if dtype != np.int8 or weight.ndim != 2:
        return weight
    bytes_, scale = byte_rows(weight)
    return bytes_ * scale


class FloatProducts:
    """Weights are stored as `dtype` under their published names and shapes; casts and transposes fold at load."""

    activations: type = np.float32  # what the canvas is between the products

    def __init__(self, g: GraphBuilder, weights: Mapping[str, np.ndarray], dtype: np.dtype | type) -> None:
        self.g, self.weights, self.dtype = g, weights, dtype

    def parameter(self, name: str) -> str:
        return self.g.parameter(name, self.weights[name], self.dtype)

    def rows(self, index: str, name: str) -> str:
        """The rows of a weight that `index` [B, L] names, as the canvas is: [B, L, in]."""
        return self.g.rows(index, name, self.weights[name], self.dtype)

    def exact(self, name: str) -> str:
        """A weight in float32, whatever the products are in: for what there is once a row."""
        return self.parameter(name)

    def narrowed(self, x: str) -> str:
        """A float32 value as the canvas is."""
        return x

    def widened(self, x: str) -> str:
        """A value as the canvas is in float32."""
        return x

    def transposed(self, layer: str) -> str:
        """A layer's weight [out, in] as [in, out]."""
        return self.g.op("Transpose", self.parameter(f"{layer}.weight"), perm=[1, 0])

    def product(self, x: str, *layers: str, padding: int = 0) -> str:
        """x [B, L, in] -> [B, L, out]: the outputs of all layers side by side, without bias, then `padding` zeros."""
        parts = [self.transposed(layer) for layer in layers]
        if padding:
            inputs = self.weights[f"{layers[0]}.weight"].shape[1]
            parts.append(self.g.const(np.zeros((inputs, padding)), self.activations))
        weight = parts[0] if len(parts) == 1 else self.g.op("Concat", *parts, axis=1)
        return self.g.op("MatMul", x, weight)


class Int8Products(FloatProducts):
    """Both factors in 8 bits, for CPUs: x ~ r (a - 128) with a scale r for each position, W ~ w c with one for each
    column, so that x W ~ r c sum (a - 128) w.

    The sum is exact and r looks at its own position alone, so a row's result does not depend on its batch, as it would
    with one scale for the whole tensor (DynamicQuantizeMatMul). Only these weights are stored in 8 bits; they are
    rounded to `dtype` first, so that the result is the same from a checkpoint and from an exported model.
    """

    def product(self, x: str, *layers: str, padding: int = 0) -> str:
        g = self.g
        bytes_, column_scale, *zero_point = self.quantized(layers, padding)
        largest = g.op("ReduceMax", g.op("Abs", x), g.ints(-1), keepdims=1)
        row_scale = g.op("Mul", g.op("Max", largest, g.const(SMALLEST)), g.const(1 / LARGEST))
        one, zero = g.const(1.0), g.const(ZERO, np.uint8)
        scaled = g.op("Mul", x, g.op("Reciprocal", row_scale))
        rounded = g.op("QuantizeLinear", scaled, one, zero)
        y = g.op("MatMulIntegerToFloat", rounded, bytes_, one, column_scale, zero, *zero_point, domain=CONTRIB)
        return g.op("Mul", y, row_scale)

    def quantized(self, layers: tuple[str, ...], padding: int) -> list[str]:
        """Weight [in, out] and scale float32 [out] of the layers side by side; the weight's zero, where it is not 0."""
        bytes_, scale = self.rounded(layers, padding)
        return [self.g.const(bytes_, np.int8), self.g.const(scale)]

    def rounded(self, layers: tuple[str, ...], padding: int) -> tuple[np.ndarray, np.ndarray]:
        dtype = np.float32 if self.dtype == np.int8 else self.dtype  # 8 bits as below are those of the store
        stored = np.concatenate([self.weights[f"{layer}.weight"].astype(dtype) for layer in layers])
        weight = np.pad(stored.astype(np.float32).T, ((0, 0), (0, padding)))
        scale = np.maximum(np.abs(weight).max(0), SMALLEST) / LARGEST
        return np.rint(weight / scale), scale


class UnsignedInt8Products(Int8Products):
    """The same numbers with weights w + 128, for products inside a body.

    Kernels for signed weights may overflow in 16 bits where a processor lacks VNNI. There ONNX Runtime makes weights
    unsigned itself if it is told to, but not those that a body takes from the graph around it.
    """

    def quantized(self, layers: tuple[str, ...], padding: int) -> list[str]:
        bytes_, scale = self.rounded(layers, padding)
        return [self.g.const(bytes_ + ZERO, np.uint8), self.g.const(scale), self.g.const(ZERO, np.uint8)]


class HalfProducts(FloatProducts):
    """Canvas, weights and products in float16, for GPUs; no weight of a product is ever there in float32.

    They are rounded to `dtype` first where that is coarser, so that the result is the same from a checkpoint and from
    an exported model. What is once a row is computed in float32, from copies of its weights that fold at load.
    """

    activations = np.float16

    def parameter(self, name: str) -> str:
        return self.g.half(name, stored(self.weights[name], self.dtype))

    def rows(self, index: str, name: str) -> str:
        return self.g.op("Gather", self.parameter(name), index, axis=0)

    def exact(self, name: str) -> str:
        return self.g.op("Cast", self.parameter(name), to=TensorProto.FLOAT)

    def narrowed(self, x: str) -> str:
        return self.g.op("Cast", x, to=TensorProto.FLOAT16)

    def widened(self, x: str) -> str:
        return self.g.op("Cast", x, to=TensorProto.FLOAT)

    def with_ones(self, state: str) -> str:
        """[B, L, D] -> [B, L, D + ONES], for `logits`."""
        one = self.g.const(1, self.activations)
        return self.g.op("Pad", state, self.g.ints(*[0] * 5, ONES), one)

    def logits(self, state: str, layer: str, padding: int) -> str:
        """A state `with_ones` through the output map and its bias: float32 [B, L, K + padding], NEVER in the padding.

        The bias is a row of the weight, because to add it to as many columns takes as long as the product.
        """
        g, weight = self.g, self.weights[f"{layer}.weight"]
        columns, inputs = weight.shape
        filled = g.op("Concat", self.transposed(layer), g.const(np.zeros((inputs, padding)), self.activations), axis=1)
        has_bias = f"{layer}.bias" in self.weights
        bias = self.parameter(f"{layer}.bias") if has_bias else g.const(np.zeros(columns), self.activations)
        row = g.op("Concat", bias, g.const(np.full(padding, NEVER), self.activations), axis=0)
        others = g.const(np.zeros((ONES - 1, columns + padding)), self.activations)
        rows = g.op("Concat", filled, g.op("Unsqueeze", row, g.ints(0)), others, axis=0)
        return self.widened(g.op("MatMul", state, rows))
