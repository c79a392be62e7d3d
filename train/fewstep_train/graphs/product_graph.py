"""Products of activations with weights as ONNX nodes, in float32 or in 8-bit integers."""

from collections.abc import Mapping

import numpy as np

from fewstep_train.graphs.graph_builder import CONTRIB, LARGEST, SMALLEST, GraphBuilder

ZERO = 128  # the unsigned byte that stands for 0


class FloatProducts:
    """Weights are stored as `dtype` under their published names and shapes; casts and transposes fold at load."""

    def __init__(self, g: GraphBuilder, weights: Mapping[str, np.ndarray], dtype: np.dtype | type) -> None:
        self.g, self.weights, self.dtype = g, weights, dtype

    def parameter(self, name: str) -> str:
        return self.g.parameter(name, self.weights[name], self.dtype)

    def transposed(self, layer: str) -> str:
        """A layer's weight [out, in] as [in, out]."""
        return self.g.op("Transpose", self.parameter(f"{layer}.weight"), perm=[1, 0])

    def product(self, x: str, *layers: str, padding: int = 0) -> str:
        """x [B, L, in] -> [B, L, out]: the outputs of all layers side by side, without bias, then `padding` zeros."""
        parts = [self.transposed(layer) for layer in layers]
        if padding:
            inputs = self.weights[f"{layers[0]}.weight"].shape[1]
            parts.append(self.g.const(np.zeros((inputs, padding))))
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
        bytes_, column_scale = self.quantized(layers, padding)
        largest = g.op("ReduceMax", g.op("Abs", x), g.ints(-1), keepdims=1)
        row_scale = g.op("Mul", g.op("Max", largest, g.const(SMALLEST)), g.const(1 / LARGEST))
        one, zero = g.const(1.0), g.const(ZERO, np.uint8)
        scaled = g.op("Mul", x, g.op("Reciprocal", row_scale))
        rounded = g.op("QuantizeLinear", scaled, one, zero)
        y = g.op("MatMulIntegerToFloat", rounded, bytes_, one, column_scale, zero, domain=CONTRIB)
        return g.op("Mul", y, row_scale)

    def quantized(self, layers: tuple[str, ...], padding: int) -> tuple[str, str]:
        """Weight int8 [in, out] and scale float32 [out] of the layers side by side."""
        dtype = np.float32 if self.dtype == np.int8 else self.dtype  # 8 bits as below are those of the store
        stored = np.concatenate([self.weights[f"{layer}.weight"].astype(dtype) for layer in layers])
        weight = np.pad(stored.astype(np.float32).T, ((0, 0), (0, padding)))
        scale = np.maximum(np.abs(weight).max(0), SMALLEST) / LARGEST
        return self.g.const(np.rint(weight / scale), np.int8), self.g.const(scale)
