"""What a step in float16 takes of a GPU, worked out from the shape: memory, and the least time by a roofline.

An estimate, for planning: the memory of weights is exact, that of a step is its largest moment, and the time is what
products and bytes take at the rates given, with nothing between them.
"""

from dataclasses import dataclass

from fewstep_train.graphs.slices import positions_at_once
from fewstep_train.networks.transformer import TransformerConfig

HALF, FULL = 2, 4  # bytes of a number

# An H100 with HBM3 (SXM), by NVIDIA's data sheet: dense float16 products, and memory.
H100_FLOPS, H100_BYTES = 989e12, 3.35e12

# LLaDA-8B as published.
LLADA_8B = TransformerConfig(
    hidden_size=4096,
    n_blocks=32,
    n_heads=32,
    n_kv_heads=32,
    intermediate_size=12_288,
    vocab_size=126_464,
    length=4096,
    norm="rms",
    mlp="swiglu",
    output_bias=False,
    causal=False,
    mask_token_id=126_336,
)


@dataclass(frozen=True)
class GpuEstimate:
    """Bytes, floating-point operations, seconds."""

    weight_bytes: int
    block_bytes: int
    sampler_bytes: int
    flops: float
    seconds: float

    @property
    def peak_bytes(self) -> int:
        return self.weight_bytes + max(self.block_bytes, self.sampler_bytes)


def block_parameters(config: TransformerConfig) -> int:
    """Of the matrices of one block."""
    width, kv_width = config.hidden_size, config.n_kv_heads * config.head_dim
    maps = 3 if config.mlp == "swiglu" else 2
    return 2 * width * width + 2 * width * kv_width + maps * width * config.intermediate_size


def weight_bytes(config: TransformerConfig) -> int:
    """Every matrix once, in float16: the embedding, the blocks, the output. Vectors and rotary tables are left out."""
    ends = 2 * config.num_tokens * config.hidden_size
    return HALF * (ends + config.n_blocks * block_parameters(config))


def estimate(
    config: TransformerConfig,
    rows: int,
    length: int,
    flops: float = H100_FLOPS,
    bandwidth: float = H100_BYTES,
) -> GpuEstimate:
    """A step of `rows` canvases of `length` tokens, without top-k and top-p.

    flops: per second, of float16 products; bandwidth: bytes per second.
    """
    tokens, width, columns = rows * length, config.hidden_size, config.num_tokens
    kv_width = config.n_kv_heads * config.head_dim
    state = tokens * width * (FULL if config.norm == "rms" else HALF)
    # Attention holds q, k, v joint and again in parts, k and v repeated for the heads that share them, and its result.
    attention = HALF * tokens * (2 * (width + 2 * kv_width) + 3 * width)
    mlp = HALF * tokens * (width + 3 * config.intermediate_size)
    # Logits in float16, in float32, and one more copy in float32: what an operation reads and what it writes.
    each = columns * (HALF + 2 * FULL)
    sampler = min(tokens, positions_at_once(columns, on_gpu=True) or tokens) * each
    weights = weight_bytes(config)
    products = 2 * tokens * (config.n_blocks * block_parameters(config) + columns * width)
    products += 4 * tokens * length * width * config.n_blocks
    moved = weights + config.n_blocks * 2 * (state + attention + mlp) + 2 * tokens * each
    seconds = products / flops + moved / bandwidth
    return GpuEstimate(weights, state + max(attention, mlp), state + sampler, products, seconds)
