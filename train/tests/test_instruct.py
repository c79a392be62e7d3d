"""A discriminator learns what the network writes and the corpus does not, and the network writes it no longer."""

import pytest
import torch

from fewstep_train.flow.instruct import Discriminator, InstructOptions, Instructor, write
from fewstep_train.flow.path import Scheduler
from fewstep_train.networks.network import Network, NetworkConfig

ROWS, LENGTH, COMMON = 16, 8, 7
SHAPE = NetworkConfig(hidden_size=32, cond_dim=16, length=LENGTH, n_blocks=1, n_heads=2, vocab_size=12)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network(SHAPE)


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_a_text_has_no_masks_and_grew_from_the_canvas_that_was_kept(network, keep):
    texts, kept = write(network, Scheduler(), (ROWS, LENGTH), 4, keep, temperature=1.0)
    assert (texts < SHAPE.vocab_size).all()
    masked = kept == SHAPE.mask_token_id
    assert masked.float().mean().item() == pytest.approx(1 - keep / 4, abs=0.15)
    assert masked[:, 1:].any() or keep == 3


def test_of_one_step_all_is_written_at_once(network):
    _, kept = write(network, Scheduler(), (ROWS, LENGTH), 1, 0, temperature=1.0)
    assert (kept == SHAPE.mask_token_id).all()


def test_a_new_discriminator_knows_nothing_and_leaves_the_network_alone(network):
    before = {name: p.clone() for name, p in network.named_parameters()}
    discriminator = Discriminator(network)
    t = torch.rand(ROWS)
    logits = discriminator(torch.randint(12, (ROWS, LENGTH)), t)
    assert logits.shape == (ROWS,)
    assert logits.std() < 1e-6
    discriminator.trunk.vocab_embed.weight.data.zero_()
    assert all(torch.equal(before[name], p) for name, p in network.named_parameters())


def test_texts_become_those_of_the_corpus(network):
    """Nothing else is asked of the network, which knows no token at first, and gets none of the corpus to read."""
    generator = torch.Generator().manual_seed(1)
    instructor = Instructor(network, Scheduler(), InstructOptions(ROWS, 1.0, steps=(2, 4)), lr=3e-3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)

    def share() -> float:
        texts, _ = write(network, Scheduler(), (64, LENGTH), 4, 0, temperature=1.0)
        return (texts == COMMON).float().mean().item()

    assert share() < 0.3
    for _ in range(150):
        optimizer.zero_grad()
        instructor.loss(network, torch.full((ROWS, LENGTH), COMMON), generator).backward()
        optimizer.step()
    assert share() > 0.7


def test_fewer_rows_than_are_to_be_written_are_no_error(network):
    instructor = Instructor(network, Scheduler(), InstructOptions(ROWS, 1.0), lr=1e-3)
    loss = instructor.loss(network, torch.randint(12, (4, LENGTH)), torch.Generator().manual_seed(1))
    assert loss.isfinite()
