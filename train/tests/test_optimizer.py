"""Muon: its updates are orthogonal, in either precision."""

import pytest
import torch

from fewstep_train.training.optimizer import Muon, orthogonalize
from fewstep_train.training.precision import matmul_type


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(32, 32), (16, 64), (64, 16)])
def test_singular_values_come_near_one_whatever_they_were(shape, dtype):
    matrices = (
        torch.randn(3, *shape, generator=torch.Generator().manual_seed(0)) * torch.tensor([1e-3, 1, 1e3])[:, None, None]
    )
    values = torch.linalg.svdvals(orthogonalize(matrices.to(dtype)).float())
    assert values.min() > 0.3 if shape[0] != shape[1] else values.median() > 0.6
    assert values.max() < 1.3


def test_matrices_of_a_shape_that_step_together_step_as_each_would_alone():
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=generator) for shape in ((8, 8), (8, 32), (8, 8))]
    gradients = [torch.randn(w.shape, generator=generator) for w in start]

    def after(indices: list[int]) -> list[torch.Tensor]:
        weights = [start[i].clone().requires_grad_() for i in indices]
        optimizer = Muon(weights, lr=0.1, weight_decay=0.1)
        for _ in range(2):
            for w, i in zip(weights, indices, strict=True):
                w.grad = gradients[i]
            optimizer.step()
        return [w.detach() for w in weights]

    together = after([0, 1, 2])
    for i in range(3):
        assert torch.allclose(together[i], after([i])[0], atol=1e-5)
        assert not torch.allclose(together[i], start[i], atol=1e-2)


def test_a_precision_can_be_demanded():
    assert matmul_type("bf16", "cpu") == torch.bfloat16
    assert matmul_type("fp32", "cpu") == torch.float32
