"""The evaluation's parts and its commands on tiny models: what is judged, by whom, and that a stopped run goes on."""

import json
import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch
from fixtures import SENTENCES, random_weights, tiny_tokenizer, write_text_model
from tokenizers import Tokenizer

from fewstep_train.__main__ import main
from fewstep_train.checkpoint import load_checkpoint, save_checkpoint
from fewstep_train.evaluation.autoregressive_system import AutoregressiveSystem
from fewstep_train.evaluation.conditioning import step_size_sensitivity
from fewstep_train.evaluation.copying import CopyIndex
from fewstep_train.evaluation.goals import goals
from fewstep_train.evaluation.judge import Judge, byte_lengths, token_nll
from fewstep_train.evaluation.likelihood import bound_perplexity, flow_bound, masked_bound
from fewstep_train.evaluation.samples import Sampling
from fewstep_train.evaluation.step_graph_system import open_system, step_sizes
from fewstep_train.evaluation.tasks import make_task
from fewstep_train.evaluation.timeline import timeline_svg, wrapped
from fewstep_train.evaluation.training_text import SeenPairs, TrainingText
from fewstep_train.kinds import AUTOREGRESSIVE, CANVAS, DREAM, LLADA
from fewstep_train.llada import llada_config
from fewstep_train.network import Network, NetworkConfig
from fewstep_train.path import Scheduler
from fewstep_train.tokenizer import END_OF_TEXT
from fewstep_train.transformer import Transformer, TransformerConfig

torch.set_num_threads(1)  # tensors are tiny: threads would only wait for each other
TOKENIZER = Tokenizer.from_str(tiny_tokenizer())
V = TOKENIZER.get_vocab_size()
SHAPE = TransformerConfig(
    hidden_size=16, n_blocks=1, n_heads=2, n_kv_heads=2, intermediate_size=32, vocab_size=V, length=64
)


def ignorant_judge(training: TrainingText | None = None) -> Judge:
    """A new network's output map is zero: every token is as likely as any other."""
    return Judge(Transformer(SHAPE).eval(), TOKENIZER, training)


def text_rows(length: int) -> torch.Tensor:
    ids = TOKENIZER.encode(" ".join(SENTENCES)).ids
    return torch.tensor([ids[i : i + length] for i in range(0, 40, 10)])


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A few-step model, a checkpoint of every relative, and text."""
    folder = tmp_path_factory.mktemp("evaluation")
    write_text_model(folder / "tiny-text")
    (folder / "text.txt").write_text(f"\n{END_OF_TEXT}\n".join(" ".join(SENTENCES) for _ in range(40)))
    torch.manual_seed(0)
    for kind, config in ((AUTOREGRESSIVE, SHAPE), (LLADA, llada_config(SHAPE)), (DREAM, llada_config(SHAPE))):
        weights = Transformer(config).state_dict()
        checkpoint = {"kind": kind, "config": config.to_dict(), "ema": weights, "tokenizer": tiny_tokenizer()}
        save_checkpoint(folder / f"{kind}.pt", checkpoint)
    return folder


def test_an_ignorant_judges_perplexity_is_the_size_of_the_vocabulary():
    tokens = text_rows(32)
    metrics = ignorant_judge().measure(tokens, make_task("unconditional", 32))
    assert metrics["perplexity"].value == pytest.approx(V)
    size = sum(len(TOKENIZER.decode(row[1:]).encode()) for row in tokens.tolist())
    assert metrics["bits_per_byte"].value == pytest.approx(4 * 31 * math.log2(V) / size)
    assert "copied" not in metrics


def test_each_token_has_as_many_bytes_as_its_text():
    text = 'The café said: "\u2018Good day\u2019".\n'
    encoding = TOKENIZER.encode(text)
    assert byte_lengths(TOKENIZER)[torch.tensor(encoding.ids)].sum() == len(text.encode())


def test_a_continuation_is_judged_given_its_prefix_and_the_prefix_is_not():
    torch.manual_seed(1)
    network = Transformer(SHAPE).eval()
    torch.nn.init.normal_(network.output.weight)
    task, tokens = make_task("continuation", 32), text_rows(32)
    metrics = Judge(network, TOKENIZER).measure(tokens, task)
    nll = token_nll(network, tokens)[:, 8 - 1 :]
    assert metrics["perplexity"].value == pytest.approx(nll.mean(1).exp().mean().item(), rel=1e-4)
    other = tokens.clone()
    other[:, 0] = 7
    assert Judge(network, TOKENIZER).measure(other, task)["perplexity"].value != metrics["perplexity"].value
    assert Judge(network, TOKENIZER).measure(other, task)["entropy"] == metrics["entropy"]


def test_copies_and_pairs_of_the_training_text_are_counted():
    text = " ".join(SENTENCES)
    pairs = SeenPairs(np.array(TOKENIZER.encode(text).ids, dtype=np.uint16))
    tokens = text_rows(48)
    tokens[1] = torch.tensor(TOKENIZER.encode(text[::-1]).ids[:48])
    metrics = ignorant_judge(TrainingText(CopyIndex([text]), pairs)).measure(tokens, make_task("unconditional", 48))
    assert metrics["copied"].value == pytest.approx(3 / 4)
    assert 0.1 < metrics["unseen_2"].value < 0.25  # one row of four


def test_pairs_are_unseen_in_either_order_and_beyond_the_vocabulary_of_the_text():
    pairs = SeenPairs(np.array([1, 2, 3, 1], dtype=np.uint16))
    assert pairs.unseen_shares(np.array([[1, 2, 3], [2, 1, 2], [3, 1, 9]])) == pytest.approx([0, 0.5, 0.5])
    assert pairs.unseen_shares(np.array([[0, 6], [1, 6], [3, 4]])) == pytest.approx([1, 1, 1])


class KeepsWhatItSees:
    """A network that is sure of every token it sees and knows nothing of the masked ones."""

    config = NetworkConfig(hidden_size=2, cond_dim=1, length=32, n_blocks=1, n_heads=1, vocab_size=V)

    def __call__(self, canvas, t=None, h=None):
        logits = 100.0 * torch.nn.functional.one_hot(canvas, V + 1)
        logits[canvas == V] = 0
        logits[..., V] = -100
        return logits


def test_the_bounds_of_a_network_that_knows_nothing_are_the_size_of_the_vocabulary():
    tokens, network = text_rows(32).repeat(8, 1), KeepsWhatItSees()
    assert bound_perplexity(masked_bound(network, V), tokens, repeats=8).value == pytest.approx(V, rel=1e-3)
    flow = bound_perplexity(flow_bound(network, Scheduler()), tokens, repeats=100)
    assert math.log(flow.value) == pytest.approx(math.log(V), rel=0.03)


def test_schedules_sum_to_one_and_halve():
    assert step_sizes("uniform", 4).tolist() == [0.25] * 4
    assert step_sizes("geometric", 4).tolist() == [0.5, 0.25, 0.125, 0.125]
    assert step_sizes("reversed", 4).tolist() == [0.125, 0.125, 0.25, 0.5]
    for steps in (1, 2, 16, 64):
        assert step_sizes("geometric", steps).sum() == pytest.approx(1)


def test_the_step_graph_writes_the_editable_positions_alone_and_repeats_itself(workplace):
    system = open_system("model", workplace / "tiny-text", CANVAS, threads=1, compute="float32")
    canvas, task = text_rows(32), make_task("infilling", 32)
    editable = task.editable(4, 32)
    first = system.sample(canvas, editable, Sampling(steps=6, seed=3))
    assert torch.equal(first.tokens[~editable], canvas[~editable])
    assert (first.tokens < V).all()
    assert first.steps.tolist() == [6] * 4
    assert (first.last_change[~editable] == 0).all()
    assert first.last_change[editable].min() >= 1 and first.last_change.max() == 6
    assert torch.equal(first.tokens, system.sample(canvas, editable, Sampling(steps=6, seed=3)).tokens)
    assert not torch.equal(first.tokens, system.sample(canvas, editable, Sampling(steps=6, seed=4)).tokens)


def test_rows_that_noise_alone_leaves_as_they_are_need_no_network(workplace, monkeypatch):
    system = open_system("model", workplace / "tiny-text", CANVAS, threads=1, compute="float32")
    canvas, editable = text_rows(32), make_task("continuation", 32).editable(4, 32)
    asked = []
    step = system.step
    monkeypatch.setattr(system, "step", lambda tokens, *rest: asked.append(len(tokens)) or step(tokens, *rest))
    sampling = Sampling(steps=128, solver="euler_exact")
    lazy = system.sample(canvas, editable, sampling)
    assert sum(asked) < 0.3 * 4 * 128
    monkeypatch.setattr(system, "may_jump", lambda tokens, *_: np.ones(len(tokens), bool))
    diligent = system.sample(canvas, editable, sampling)
    assert torch.equal(lazy.tokens, diligent.tokens)
    assert torch.equal(lazy.last_change, diligent.last_change)


def test_a_canvas_that_has_settled_takes_its_last_step_early(workplace):
    system = open_system("model", workplace / "tiny-text", CANVAS, threads=1, compute="float32")
    canvas, editable = text_rows(32), torch.ones(4, 32, dtype=torch.bool)
    never = system.sample(canvas, editable, Sampling(steps=16, stable_below=1e-9))
    assert never.steps.tolist() == [16] * 4
    early = system.sample(canvas, editable, Sampling(steps=16, stable_below=0.9))
    assert (early.steps < 16).all()
    assert (early.tokens < V).all()
    at_once = system.sample(canvas, editable, Sampling(steps=16, stable_below=1.1))
    assert at_once.steps.tolist() == [2] * 4


def test_the_autoregressive_system_goes_on_from_the_prefix_and_leaves_the_suffix():
    torch.manual_seed(2)
    network = Transformer(SHAPE).eval()
    torch.nn.init.normal_(network.output.weight)
    system = AutoregressiveSystem("autoregressive", "", network, leads=torch.tensor([1, 2]))
    canvas = text_rows(32)
    for name in ("unconditional", "continuation", "infilling"):
        editable = make_task(name, 32).editable(4, 32)
        samples = system.sample(canvas, editable, Sampling(steps=0, temperature=0.0))
        assert torch.equal(samples.tokens[~editable], canvas[~editable])
        made = editable[0].nonzero()[:, 0]
        prefix = samples.tokens[:, : made[-1]]
        if name == "unconditional":
            prefix = torch.cat([torch.tensor([[1], [2], [1], [2]]), prefix], dim=1)
        with torch.no_grad():
            likeliest = network(prefix)[:, -len(made) :].argmax(-1)
        assert torch.equal(samples.tokens[:, made], likeliest)


def test_a_network_that_is_deaf_to_its_step_size_shows():
    config = NetworkConfig(hidden_size=32, cond_dim=16, length=32, n_blocks=1, n_heads=2, vocab_size=V)
    network = Network(config)
    network.load_state_dict(random_weights(network, seed=1), strict=False)
    assert step_size_sensitivity(network) > 0.1
    torch.nn.init.zeros_(network.dt_embedding.mlp[2].weight)
    assert step_size_sensitivity(network) == 0


def test_goals_compare_like_with_like():
    def cell(system, steps, perplexity, entropy, temperature=1.0):
        metrics = {"perplexity": [perplexity, 1], "entropy": [entropy, 0.1]}
        what = {"kind": "cell", "system": system, "task": "unconditional", "steps": steps, "temperature": temperature}
        return {**what, "metrics": metrics}

    cells = [cell("FS-DFM", 8, 40, 6.0), cell("FS-DFM", 4, 46, 6.0), cell("DFM", 1024, 41, 6.1), cell("DFM", 8, 1, 6.0)]
    cells += [cell("LLaDA-style", 8, 39, 6.0), cell("Dream-style", 8, 50, 6.3)]
    cells += [cell("FS-DFM", 8, 20, 5.7, 0.7), cell("LLaDA-style", 8, 22, 5.0, 0.7), cell("DFM", 1024, 1, 5.0, 0.7)]
    assert [(g.claim, g.met) for g in goals(cells, "unconditional", "FS-DFM", 1.0)] == [
        ("FS-DFM at 8: perplexity no worse than DFM at 1024, entropy within 3 %, temperature 1", True),
        ("FS-DFM at 4: perplexity within 10 % of DFM at 1024, entropy within 3 %, temperature 1", False),
        ("FS-DFM at 8: perplexity no worse than DFM at 1024, entropy within 3 %, temperature 0.7", False),  # 20 times
        ("FS-DFM at 8 ahead of LLaDA-style at 8 at temperature 1", False),  # LLaDA has the lower perplexity
        ("FS-DFM at 8 ahead of Dream-style at 8 at temperature 1", False),  # its entropy is 5 % lower
        ("FS-DFM at 8 ahead of LLaDA-style at 8 at temperature 0.7", True),
    ]
    cells[-3]["metrics"]["entropy"] = [6.0, 0.1]  # now 0.7 is ahead of what LLaDA does at 1, on both counts
    assert [g.met for g in goals(cells, "unconditional", "FS-DFM", 1.0)][3:5] == [True, False]
    assert goals(cells, "infilling", "FS-DFM", 1.0) == []


def test_a_timeline_is_wrapped_whole_and_is_valid_svg():
    row = [("<Once ", 0), *((" word", i % 8 + 1) for i in range(60)), ("\u23ce", 8), (" end", 1)]
    lines = wrapped(row)
    assert [piece for line in lines for piece in line] == row
    assert lines[-1] == [(" end", 1)]
    root = ElementTree.fromstring(timeline_svg([row], steps=8))
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<Once " in texts
    assert texts.count(" word") == 60


def evaluate(folder, *more):
    text, cache = str(folder / "text.txt"), str(folder / "cache")
    relatives = ["--llada", str(folder / "llada.pt"), "--dream", str(folder / "dream.pt")]
    common = ["--model", str(folder / "tiny-text"), "--judge", str(folder / "autoregressive.pt")]
    main(["evaluate", *common, *relatives, "--valid", text, "--cache", cache, "--threads", "1", "--quick", *more])


def test_the_evaluation_writes_its_report_and_goes_on_where_it_was_stopped(workplace, tmp_path, capsys):
    out = tmp_path / "report"
    evaluate(workplace, "--out", str(out), "--data", str(workplace / "text.txt"), "--tasks", "unconditional")
    page = (out / "EVALUATION.md").read_text()
    assert "| FS-DFM | 0.0 | 0.0 |" in page, "what training it had"
    for words in ("FS-DFM", "LLaDA-style", "Dream-style", "autoregressive", "held-out text", "| bound |", "| exact |"):
        assert words in page
    for file in ("trade.svg", "quality-t1.svg", "timeline-unconditional.svg"):
        assert f"({file})" in page
        ElementTree.parse(out / file)
    stored = json.loads((out / "evaluation.json").read_text())["records"]
    kept = [r for r in stored if r.get("steps") != 8]
    (out / "evaluation.json").write_text(json.dumps({"records": kept}))
    capsys.readouterr()
    evaluate(workplace, "--out", str(out), "--data", str(workplace / "text.txt"), "--tasks", "unconditional")
    printed = capsys.readouterr().out
    cells = [r for r in stored if r["kind"] == "cell" and "steps" in r]
    assert printed.count("was there") == len([r for r in cells if r["steps"] != 8])
    again = json.loads((out / "evaluation.json").read_text())["records"]
    assert [r.get("metrics") for r in again] == [r.get("metrics") for r in stored]


def test_committed_models_give_the_table_that_their_checkpoints_give(workplace, tmp_path):
    folders, checkpoints = tmp_path / "folders", tmp_path / "checkpoints"
    for kind in (AUTOREGRESSIVE, LLADA, DREAM):
        model = str(tmp_path / kind)
        main(["export", "--checkpoint", str(workplace / f"{kind}.pt"), "--store", "float32", "--out", model])
    text = ["--valid", str(workplace / "text.txt"), "--cache", str(tmp_path / "cache"), "--threads", "1"]
    common = ["evaluate", "--model", str(workplace / "tiny-text"), *text, "--quick", "--tasks", "unconditional"]
    for out, place, suffix in ((folders, tmp_path, ""), (checkpoints, workplace, ".pt")):
        paths = {kind: str(place / f"{kind}{suffix}") for kind in (AUTOREGRESSIVE, LLADA, DREAM)}
        judge = ["--judge", paths[AUTOREGRESSIVE], "--llada", paths[LLADA], "--dream", paths[DREAM]]
        main([*common, *judge, "--out", str(out)])
    tables = [json.loads((out / "evaluation.json").read_text())["records"] for out in (folders, checkpoints)]
    assert [r.get("metrics") for r in tables[0]] == [r.get("metrics") for r in tables[1]]


def test_eight_bit_products_are_another_system(workplace, tmp_path, capsys):
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(tmp_path), "--samples", "4", "--length", "16", "--out", str(tmp_path / "sweep.json")]
    sweep = ["sweep", "--model", str(workplace / "tiny-text"), *common, "--steps", "2"]
    main(sweep)
    main([*sweep, "--compute", "int8"])
    assert "was there" not in capsys.readouterr().out
    records = json.loads((tmp_path / "sweep.json").read_text())["records"]
    assert [r["identity"].endswith("int8") for r in records if "identity" in r] == [False, True]


def test_other_weights_are_measured_anew(workplace, tmp_path, capsys):
    out = str(tmp_path / "sweep.json")
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(workplace / "cache"), "--samples", "4", "--length", "16", "--out", out]
    sweep = ["sweep", *common, "--steps", "1", "4", "--temperatures", "0.5", "1", "--jumps", "independent", "spread"]
    sweep += ["--stable-below", "0", "0.9"]
    model = tmp_path / "tiny-text"
    write_text_model(model)
    main([*sweep, "--model", str(model)])
    assert "was there" not in capsys.readouterr().out
    main([*sweep, "--model", str(model)])
    printed = capsys.readouterr().out
    assert printed.count("was there") == 16
    rows = [line.split("|") for line in printed.splitlines() if line.startswith("| 4 |")]
    assert {float(r[2]) for r in rows} > {4.0}  # some took fewer steps
    graph = (model / "step.onnx").read_bytes()
    (model / "step.onnx").write_bytes(graph + b"\x12\x00")  # the same model under another identity
    main([*sweep, "--model", str(model)])
    assert "was there" not in capsys.readouterr().out


def test_samples_are_written_once_for_any_judge(workplace, tmp_path):
    text, model = str(workplace / "text.txt"), str(workplace / "tiny-text")
    common = ["--model", model, "--valid", text, "--cache", str(tmp_path), "--samples", "4", "--length", "16"]
    judges = [workplace / "autoregressive.pt", tmp_path / "other.pt"]
    other = load_checkpoint(judges[0], AUTOREGRESSIVE)
    other["ema"]["output.bias"][:9] = 3.0
    save_checkpoint(judges[1], other)
    records = []
    for judge in judges:
        out = tmp_path / f"{judge.stem}.json"
        main(["sweep", *common, "--judge", str(judge), "--steps", "2", "--out", str(out)])
        records.append(json.loads(out.read_text())["records"][-1])
        assert len(list((tmp_path / "samples").iterdir())) == 1
    metrics = [r["metrics"] for r in records]
    assert metrics[0]["entropy"] == metrics[1]["entropy"]
    assert metrics[0]["perplexity"] != metrics[1]["perplexity"]


def test_a_model_with_another_tokenizer_is_refused(workplace, tmp_path):
    model = tmp_path / "other"
    write_text_model(model)
    other = json.loads((model / "tokenizer.json").read_text())
    other["model"]["vocab"]["zz"] = other["model"]["vocab"].pop(next(reversed(other["model"]["vocab"])))
    other["model"]["merges"] = []
    (model / "tokenizer.json").write_text(json.dumps(other))
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    out = ["--length", "32", "--out", str(tmp_path / "sweep.json")]
    with pytest.raises(SystemExit, match="tokenizer"):
        main(["sweep", "--model", str(model), *common, "--cache", str(tmp_path), "--samples", "2", *out])


def test_numbers_are_the_same_for_any_batching():
    torch.manual_seed(3)
    network = Transformer(SHAPE).eval()
    torch.nn.init.normal_(network.output.weight)
    rows = text_rows(32).repeat(20, 1)
    whole = token_nll(network, rows).numpy()
    assert np.allclose(whole[:4], whole[-4:], atol=1e-4)
    assert np.allclose(whole[0], token_nll(network, rows[:1]).numpy()[0], atol=1e-4)
