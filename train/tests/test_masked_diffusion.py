"""LLaDA- and Dream-style masked diffusion: what is learnt, what is revealed first, and how Dream begins."""

import itertools
import math

import pytest
import torch
from fixtures import SENTENCES

from fewstep_train.__main__ import main
from fewstep_train.evaluation.systems.decoding import continue_tokens
from fewstep_train.masked.dream import dream_logits, dream_reveal, from_autoregressive
from fewstep_train.masked.llada import llada_config, llada_reveal
from fewstep_train.masked.masked_diffusion import masked_cross_entropy, masked_loss, nucleus, reveal
from fewstep_train.networks.transformer import Transformer, TransformerConfig
from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.trained import load_trained

V, MASK = 6, 6
SHAPE = TransformerConfig(
    hidden_size=16, n_blocks=2, n_heads=2, n_kv_heads=2, intermediate_size=32, vocab_size=V, length=12
)


def random_transformer(config: TransformerConfig) -> Transformer:
    torch.manual_seed(0)
    network = Transformer(config)
    for p in network.parameters():
        if p.ndim == 2:
            torch.nn.init.normal_(p, std=p.shape[-1] ** -0.5)
    return network.eval()


def sure_of(tokens: torch.Tensor, sureness: torch.Tensor):
    """A predictor that finds `tokens` [L] likely, each with its own `sureness` [L]."""
    logits = torch.nn.functional.one_hot(tokens, V + 1) * sureness[:, None]
    return lambda canvas: logits.expand(len(canvas), -1, -1)


def test_the_loss_weighs_hidden_tokens_by_one_over_the_ratio():
    data = torch.tensor([[1, 2, 3, 4]])
    hidden = torch.tensor([[True, False, False, True]])

    def uniform(canvas):
        return torch.zeros(*canvas.shape, V + 1)

    loss = masked_cross_entropy(uniform, data, torch.tensor([0.5]), hidden, MASK)
    assert loss.tolist() == [pytest.approx([2 * math.log(V + 1), 0, 0, 2 * math.log(V + 1)])]


def test_the_network_sees_what_is_frozen_and_no_hidden_token():
    seen = []

    def predict(canvas):
        seen.append(canvas)
        return torch.zeros(*canvas.shape, V + 1)

    data = torch.randint(V, (64, 8), generator=torch.Generator().manual_seed(1))
    frozen = torch.zeros_like(data, dtype=torch.bool)
    frozen[:, :3] = True
    masked_loss(predict, data, frozen, MASK, torch.Generator().manual_seed(2))
    canvas = seen[0]
    assert (canvas[:, :3] == data[:, :3]).all()
    assert ((canvas == data) | (canvas == MASK)).all()
    share = (canvas[:, 3:] == MASK).float().mean()
    assert 0.4 < share < 0.6  # the ratio is uniform in (0, 1)


def test_revealing_keeps_an_even_share_of_the_surest_and_never_touches_the_given():
    target = torch.tensor([1, 2, 3, 4, 5, 0, 1])
    sureness = torch.tensor([20.0, 30.0, 25.0, 40.0, 35.0, 45.0, 10.0])
    canvas = torch.tensor([[5, 5, 5, 5, 5, 5, 5]])
    editable = torch.tensor([[False, True, True, True, True, True, True]])

    def confidence(logits, _posterior, drawn):
        return logits.gather(-1, drawn[..., None])[..., 0]

    shown = list(reveal(sure_of(target, sureness), confidence, canvas, editable, MASK, steps=4))
    assert [c[0].tolist() for c in shown] == [
        [5, MASK, MASK, 4, MASK, 0, MASK],
        [5, 2, MASK, 4, 5, 0, MASK],
        [5, 2, 3, 4, 5, 0, MASK],
        [5, 2, 3, 4, 5, 0, 1],
    ]


@pytest.mark.parametrize("make", [llada_reveal, dream_reveal])
@pytest.mark.parametrize("steps", [1, 3, 20])
def test_the_last_canvas_has_no_mask_whatever_the_steps(make, steps):
    network = random_transformer(llada_config(SHAPE))
    canvas = torch.full((5, 12), MASK)
    canvas[:, :2] = 3
    editable = torch.ones_like(canvas, dtype=torch.bool)
    editable[:, :2] = False
    generator = torch.Generator().manual_seed(0)
    shown = list(make(network)(canvas=canvas, editable=editable, steps=steps, top_p=0.9, generator=generator))
    assert len(shown) == steps
    assert (shown[-1] < V).all()
    assert (shown[-1][:, :2] == 3).all()
    for before, after in itertools.pairwise(shown):
        assert ((before == MASK) | (before == after)).all()


def test_the_nucleus_is_the_smallest_set_that_reaches_top_p():
    posterior = torch.tensor([0.1, 0.5, 0.3, 0.1])
    assert nucleus(posterior, 0.6).tolist() == pytest.approx([0, 0.5, 0.3, 0])
    assert nucleus(posterior, 0.5).tolist() == pytest.approx([0, 0.5, 0, 0])
    assert nucleus(posterior, 1.0) is posterior


def test_dream_begins_with_the_autoregressive_models_weights_and_reads_it_one_position_later():
    network = random_transformer(SHAPE)
    dream = from_autoregressive(network)
    assert (dream.config.causal, dream.config.mask_token_id) == (False, MASK)
    tokens = torch.randint(V, (3, 12), generator=torch.Generator().manual_seed(4))
    # The last position attends to all before in both, so only there the outputs agree: it is about the token after.
    one = tokens[:, :1]
    assert torch.allclose(dream(one)[..., :V], network(one), atol=1e-5)
    shifted = dream_logits(dream, tokens)
    assert torch.equal(shifted[:, 1:], dream(tokens)[:, :-1])
    assert torch.equal(shifted[:, 0], dream(tokens)[:, 0])


def test_decoding_with_a_cache_gives_the_tokens_of_the_whole_network():
    for config in (SHAPE, TransformerConfig(**{**SHAPE.to_dict(), "n_kv_heads": 1, "qkv_bias": True, "norm": "rms"})):
        network = random_transformer(config)
        prefix = torch.randint(V, (4, 3), generator=torch.Generator().manual_seed(5))
        made = continue_tokens(network, prefix, 9, lambda logits: logits.argmax(-1))
        whole = torch.cat([prefix, made], dim=1)
        with torch.no_grad():
            assert torch.equal(network(whole)[:, 2:-1].argmax(-1), made)


def test_both_kinds_train_resume_and_load(tmp_path, capsys):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text(f"\n{END_OF_TEXT}\n".join("\n".join(SENTENCES) for _ in range(50)))
    tokenizer = str(tmp_path / "tokenizer.json")
    main(["tokenizer", "--data", str(corpus), "--vocab-size", "300", "--out", tokenizer])
    shape = ["--hidden-size", "32", "--blocks", "2", "--heads", "2", "--length", "32"]
    common = ["--data", str(corpus), "--valid", str(corpus), "--cache", str(tmp_path / "cache")]
    common += ["--batch-tokens", "256", "--device", "cpu", "--threads", "1"]
    first = str(tmp_path / "ar.pt")
    main(["pretrain-autoregressive", *common, *shape, "--tokenizer", tokenizer, "--out", first, "--steps", "3"])
    origins = {"llada": [*shape, "--tokenizer", tokenizer], "dream": ["--init-autoregressive", first]}
    for kind, origin in origins.items():
        out = tmp_path / f"{kind}.pt"
        command = ["pretrain-masked", "--kind", kind, *common, *origin, "--out", str(out)]
        capsys.readouterr()
        main([*command, "--steps", "10"])
        main([*command, "--steps", "30"])
        printed = capsys.readouterr().out
        assert "at step 10" in printed
        held_out = [float(line.split("loss ")[1].split()[0]) for line in printed.splitlines() if "held-out" in line]
        assert held_out[-1] < held_out[0]
        trained = load_trained(out, kind)
        assert trained.network.config.mask_token_id == 300
        model, further = tmp_path / kind, tmp_path / f"{kind}-further.pt"
        main(["export", "--checkpoint", str(out), "--out", str(model)])
        main(["pretrain-masked", "--kind", kind, *common, "--init", str(model), "--steps", "2", "--out", str(further)])
        stages = [(s["stage"], s["steps"]) for s in load_trained(further, kind).stages]
        assert stages[-2:] == [(f"pretrain-masked {kind}", 30), (f"pretrain-masked {kind}", 2)]
    assert stages[0] == ("pretrain-autoregressive", 3)
    with pytest.raises(SystemExit, match="dream"):
        main(["pretrain-masked", "--kind", "llada", *common, *origins["dream"], "--out", str(tmp_path / "x.pt")])
