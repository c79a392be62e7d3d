"""The teacher's way around a shortcut, where nothing on it is left to chance."""

from dataclasses import replace

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from fewstep_train.flow.distillation import DistillOptions, divergence, draw_step_sizes, teacher_logits
from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.networks.network import Network, NetworkConfig

ROWS, LENGTH = 2, 8
SHAPE = NetworkConfig(hidden_size=32, cond_dim=16, length=LENGTH, n_blocks=2, n_heads=2, vocab_size=12)
COLD = DistillOptions(shortcut="heun", power=0.25, data_share=0.5, corruption=0.1, temperature=1e-4)
T, H = torch.full((ROWS,), 0.25), torch.full((ROWS,), 0.5)


@pytest.fixture(scope="module")
def teacher() -> Network:
    torch.manual_seed(0)
    network = Network(SHAPE)
    for p in network.parameters():
        if p.ndim == 2:
            torch.nn.init.normal_(p, std=p.shape[-1] ** -0.5)
    return network.eval()


def average(teacher: Network, options: DistillOptions, times: torch.Tensor) -> torch.Tensor:
    canvas = torch.full((ROWS, LENGTH), SHAPE.mask_token_id)
    editable = torch.arange(LENGTH).expand(ROWS, -1) >= 2
    return teacher_logits(teacher, Scheduler(), canvas, T, H, editable, options, times)


@torch.no_grad()
def written(teacher: Network, source: torch.Tensor, jumped: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The teacher's logits at t, after it wrote its likeliest tokens of `source` [B, L, K] where `jumped` [L]."""
    logits = source.clone()
    logits[..., SHAPE.mask_token_id] = -torch.inf
    canvas = torch.where(jumped, logits.argmax(-1), SHAPE.mask_token_id)
    return teacher(canvas, t, H / 2)


@torch.no_grad()
def first(teacher: Network) -> torch.Tensor:
    return teacher(torch.full((ROWS, LENGTH), SHAPE.mask_token_id), T, H / 2)


def test_heun_takes_the_mean_of_both_ends(teacher):
    k1 = first(teacher)
    jumped = torch.arange(LENGTH).ge(2) & torch.arange(LENGTH).lt(5)  # 0 and 1 are frozen, 5 and later come after t + h
    kappa = Scheduler().kappa(torch.tensor([0.26, 0.99]))
    times = torch.where(torch.arange(LENGTH) < 5, kappa[0], kappa[1]).expand(ROWS, -1)
    expected = (k1 + written(teacher, k1, jumped, T + H)) / 2
    torch.testing.assert_close(average(teacher, COLD, times), expected)


def test_rk4_weighs_the_middle_twice(teacher):
    k1 = first(teacher)
    early, late = (torch.arange(LENGTH).ge(2) & torch.arange(LENGTH).lt(end) for end in (4, 6))
    kappa = Scheduler().kappa(torch.tensor([0.26, 0.7, 0.99]))  # in the first half of the step, in the second, after it
    times = kappa[torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])].expand(ROWS, -1)
    k2 = written(teacher, k1, early, T + H / 2)
    k3 = written(teacher, k2, early, T + H / 2)
    k4 = written(teacher, k3, late, T + H)
    options = replace(COLD, shortcut="rk4")
    torch.testing.assert_close(average(teacher, options, times), (k1 + 2 * k2 + 2 * k3 + k4) / 6)


@torch.no_grad()
def test_in_the_mean_field_a_position_listens_to_the_half_of_the_step_that_it_is_not_in(teacher):
    positions = torch.arange(LENGTH)
    early, late = positions.ge(2) & positions.lt(4), positions.ge(4) & positions.lt(6)  # 6 and 7 come after t + h
    kappa = Scheduler().kappa(torch.tensor([0.26, 0.7, 0.99]))
    times = kappa[torch.tensor([0, 0, 0, 0, 1, 1, 2, 2])].expand(ROWS, -1)
    told = teacher(torch.full((ROWS, LENGTH), SHAPE.mask_token_id), T, H)
    beside_early, beside_late = (written(teacher, told, half, T + H / 2) for half in (early, late))
    expected = (beside_early + beside_late) / 2
    expected[:, early], expected[:, late] = beside_late[:, early], beside_early[:, late]
    torch.testing.assert_close(average(teacher, replace(COLD, shortcut="mean-field"), times), expected)


@pytest.mark.parametrize(("shortcut", "reverse"), [("rk4", False), ("heun", False), ("mean-field", True)])
def test_the_mean_field_is_approached_in_reverse(shortcut, reverse):
    logits, target = torch.randn(2, ROWS, LENGTH, 5, generator=torch.Generator().manual_seed(0))
    network, teacher = Categorical(logits=logits), Categorical(logits=target)
    expected = kl_divergence(network, teacher) if reverse else kl_divergence(teacher, network)
    torch.testing.assert_close(divergence(logits, target, replace(COLD, shortcut=shortcut)), expected)


def test_of_two_words_that_go_together_the_mean_field_keeps_one_pair():
    """p(0, 0) = 0.6, p(1, 1) = 0.4: by the forward divergence each position keeps its share; in reverse 0 wins."""
    joint = torch.tensor([[0.6, 1e-4], [1e-4, 0.4]])
    beside = (joint / joint.sum(1, keepdim=True)).log()  # of the one word, given the other: the same both ways
    shares = {}
    for shortcut in ("rk4", "mean-field"):
        options, logits = replace(COLD, shortcut=shortcut), torch.tensor([0.3, 0.0], requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.05)
        for _ in range(400):
            other = logits.detach().softmax(-1)  # both positions write by the same law
            loss = (other * divergence(logits.expand(2, 2), beside, options)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        shares[shortcut] = logits.detach().softmax(-1)[0].item()
    assert shares["mean-field"] > 0.99 and shares["rk4"] < 0.9


def test_at_temperature_1_the_teacher_writes_other_tokens_than_its_likeliest(teacher):
    times = torch.full((ROWS, LENGTH), float(Scheduler().kappa(torch.tensor(0.26))))
    warm = [average(teacher, replace(COLD, temperature=1.0), times) for _ in range(4)]
    assert not all(torch.allclose(warm[0], other) for other in warm[1:])


def test_step_sizes_begin_with_the_rows_that_learn_from_data():
    sizes = draw_step_sizes(4000, replace(COLD, power=1.0), torch.Generator().manual_seed(0))
    assert (sizes[:2000] == TINY_STEP).all()
    share = (sizes[2000:] == 1 / 512).float().mean()  # h^-1 of 1, 1/2, ..., 1/512: 512 of 1,023
    assert abs(share - 512 / 1023) < 5 * (0.25 / 2000) ** 0.5
