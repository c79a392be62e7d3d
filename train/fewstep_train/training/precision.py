"""The arithmetic of training's matrix products: bfloat16 where the hardware has it, float32 elsewhere."""

import torch

PRECISIONS = ("auto", "bf16", "fp32")
BFLOAT16_UNITS = ("avx512_bf16", "amx_bf16", "bf16")  # the last is Arm's


def has_bfloat16(device: torch.device) -> bool:
    """Does the device multiply bfloat16 matrices in hardware? Where it does not, they are slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(unit, False) for unit in BFLOAT16_UNITS)


def matmul_type(precision: str, device: str) -> torch.dtype:
    """The type of matrix products under `precision`, one of PRECISIONS. Weights, losses and sums stay float32."""
    bfloat16 = precision == "bf16" or (precision == "auto" and has_bfloat16(torch.device(device)))
    return torch.bfloat16 if bfloat16 else torch.float32


def autocast(device: str, dtype: torch.dtype) -> torch.autocast:
    """The context in which forward passes run."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=dtype == torch.bfloat16)
