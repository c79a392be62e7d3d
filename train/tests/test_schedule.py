"""Step sizes that fit a model: the space they are searched in, the search, its judgement, and what is written."""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from fixtures import FIXTURES, JUDGE_SHAPE, tiny_tokenizer
from published_causals import llama, write_gguf
from tokenizers import Tokenizer

from fewstep_train.__main__ import main
from fewstep_train.evaluation.measures.judge import Judge
from fewstep_train.evaluation.measures.likelihood import schedule_bound
from fewstep_train.evaluation.measures.metrics import Estimate
from fewstep_train.evaluation.measures.quality import Quality, cost_of, entropy_change, gain, rank_correlation
from fewstep_train.evaluation.measures.tasks import make_task
from fewstep_train.evaluation.run.cells import Bench
from fewstep_train.evaluation.run.pattern_search import descend
from fewstep_train.evaluation.run.results import Results
from fewstep_train.evaluation.run.sample_cache import SampleCache
from fewstep_train.evaluation.run.schedule_search import (
    OWN,
    Search,
    Trials,
    Verdict,
    manifest_entry,
    verdict,
)
from fewstep_train.evaluation.systems.samples import Samples, Sampling
from fewstep_train.evaluation.systems.step_graph_system import listed, scheduled_step_sizes
from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.step_space import stages, step_sizes_of
from fewstep_train.folder.tuned_schedules import tuned_schedules, write_schedules
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import Transformer, TransformerConfig

TOKENIZER = Tokenizer.from_str(tiny_tokenizer())
V = TOKENIZER.get_vocab_size()


def test_step_sizes_sum_to_one_and_none_is_below_what_networks_are_trained_on():
    assert step_sizes_of(np.zeros(4)) == [0.25] * 4
    assert step_sizes_of(np.log([1.0, 2.0, 5.0])) == [0.125, 0.25, 0.625]
    assert step_sizes_of(np.log([1.0, 1023.0])) == [0.000977, 0.999023]
    assert step_sizes_of(np.log([1.0, 1100.0])) is None


@pytest.mark.parametrize("steps", [2, 3, 4, 16])
def test_the_family_slopes_and_bends_and_the_coordinates_reach_everything_else(steps):
    (family, *_), *others = stages(steps)
    sloped = step_sizes_of(family[0])
    assert sloped == sorted(sloped)
    assert sloped[-1] / sloped[0] == pytest.approx(math.e, rel=1e-4)
    spanned = np.array([*family, *(d for directions, *_ in others for d in directions), np.ones(steps)])
    assert np.linalg.matrix_rank(spanned) == steps
    if steps > 3:
        bent = step_sizes_of(family[1])
        assert bent[0] == bent[-1] > bent[steps // 2]


def test_a_pattern_search_finds_the_lowest_place_and_asks_in_the_same_order_each_time():
    asked = []

    def bowl(place):
        asked.append(tuple(place))
        return float(((place - [1.3, -2.1]) ** 2 * [1, 3]).sum())

    found = [descend(bowl, np.zeros(2), list(np.eye(2)), 1.0, 0.05) for _ in range(2)]
    assert found[0] == pytest.approx([1.3, -2.1], abs=0.1)
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]
    assert len(asked) < 100
    assert descend(lambda _: math.inf, np.zeros(1), [np.ones(1)], 1.0, 0.5).tolist() == [0]


def quality(bits, entropy, n=50, seed=0):
    """About so many bits a byte, texts of 100 bytes; text i has the same noise in all of one seed."""
    noise = np.random.default_rng(seed).normal(size=(2, n))
    return Quality((bits + 0.1 * noise[0]) * 100 * math.log(2), np.full(n, 100.0), entropy + 0.1 * noise[1])


def test_the_cost_is_bits_a_byte_and_entropy_that_is_lost_but_none_that_is_won():
    usual = quality(1.5, 5.0)
    assert cost_of(usual, usual, 1.0) == pytest.approx(usual.bits.value)
    assert cost_of(quality(1.2, 4.6), usual, 1.0) == pytest.approx(cost_of(usual, usual, 1.0) + 0.1)
    assert cost_of(quality(1.2, 4.6), usual, 0.5) == pytest.approx(cost_of(usual, usual, 1.0) - 0.1)
    assert cost_of(quality(1.2, 5.4), usual, 1.0) == pytest.approx(cost_of(usual, usual, 1.0) - 0.3)


def test_a_gain_is_of_pairs_so_noise_that_both_share_is_no_error():
    usual = quality(1.5, 5.0)
    paired, unpaired = gain(quality(1.4, 5.0), usual, 1.0), gain(quality(1.4, 5.0, seed=1), usual, 1.0)
    assert paired.value == pytest.approx(0.1)
    assert paired.error < 1e-9 < 0.005 < unpaired.error
    assert entropy_change(quality(1.4, 4.9), usual).value == pytest.approx(-0.1)
    assert gain(usual, usual, 1.0) == (0, 0)


def test_clearly_better_is_more_than_two_errors_and_no_loss_of_entropy():
    usual = quality(1.5, 5.0)
    for value, error, change, expected in (
        (0.03, 0.01, 0.0, True),
        (0.03, 0.016, 0.0, False),
        (0.03, 0.01, -0.02, True),
        (0.03, 0.01, -0.04, False),
        (-0.03, 0.01, 0.1, False),
    ):
        found = Verdict("0.4,0.6", usual, Estimate(value, error), Estimate(change, 0.02))
        assert found.clearly_better is expected
        entry = manifest_entry(2, found, "uniform")
        assert entry["clearly_better"] is expected
        assert entry["step_sizes"] == ([0.4, 0.6] if value > 0 else [0.5, 0.5]), "what is no better gives way"


def test_ranks_compare_order_alone():
    assert rank_correlation(np.array([1, 2, 9]), np.array([0.1, 0.5, 0.6])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 9]), np.array([3, 2, 1])) == pytest.approx(-1)


@dataclass
class LikesSmallFirstSteps:
    """More of its texts are of the likely half of the vocabulary the nearer its first step is to a tenth."""

    name: str = "planted"
    identity: str = "planted"

    def sample(self, canvas, editable, sampling: Sampling) -> Samples:
        first = scheduled_step_sizes(sampling.schedule, sampling.steps)[0]
        rng = np.random.default_rng(sampling.seed)
        unlikely = rng.random((len(canvas), 1)) < abs(np.log(first / 0.1)) / 4
        tokens = torch.from_numpy(rng.integers(V // 2, size=canvas.shape) + np.where(unlikely, V // 2, 0))
        return Samples(tokens, torch.ones_like(tokens), torch.full((len(tokens),), sampling.steps))


def planted_trials(folder, steps, rows=64):
    network = Transformer(TransformerConfig(**JUDGE_SHAPE, vocab_size=V)).eval()
    network.output.bias.data[: V // 2] = 4.0
    bench = Bench(
        Judge(network, TOKENIZER),
        torch.zeros(rows, 32, dtype=torch.long),
        {"text": "none"},
        {},
        SampleCache(folder / "s"),
    )
    sampling = Sampling(steps=steps, seed=3)
    return Trials(
        LikesSmallFirstSteps(), make_task("unconditional", 32), sampling, bench, OWN, Results(folder / "t.json")
    )


def test_a_search_finds_what_is_planted_and_other_texts_confirm_it(tmp_path, capsys):
    trials = planted_trials(tmp_path, steps=4)
    search = Search(trials, "uniform", 0.1, math.inf)
    best = search.run()
    assert search.complete
    assert "0.25,0.25,0.25,0.25" not in search.costs, "the usual schedule by another name"
    first, *others = scheduled_step_sizes(best, 4)
    assert first == pytest.approx(0.1, rel=0.25)
    assert min(others) > 0.1
    fresh = replace(trials, sampling=replace(trials.sampling, seed=4))
    assert verdict(fresh, best, "uniform", 0.1).clearly_better
    assert not verdict(fresh, "uniform", "uniform", 0.1).clearly_better
    assert f"{best}\n" in capsys.readouterr().out


def test_a_search_that_was_stopped_goes_on_and_finds_the_same(tmp_path):
    class Clock(Search):
        """Out of time after nine trials."""

        def cost_of(self, schedule):
            self.deadline = -math.inf if len(self.costs) == 9 else math.inf
            return super().cost_of(schedule)

    trials = planted_trials(tmp_path, steps=4)
    stopped = Clock(trials, "uniform", 0.1, math.inf)
    stopped.run()
    assert not stopped.complete and len(stopped.costs) == 9
    again = planted_trials(tmp_path, steps=4)
    assert len(again.results.stored) == 9, "what was measured is read back"
    whole = Search(again, "uniform", 0.1, math.inf)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert whole.run() == Search(planted_trials(elsewhere, steps=4), "uniform", 0.1, math.inf).run()
    assert list(whole.costs)[:9] == list(stopped.costs)


class KnowsNothing:
    """Sure of nothing: every token but the mask is as likely as any other."""

    config = NetworkConfig(hidden_size=2, cond_dim=1, length=32, n_blocks=1, n_heads=1, vocab_size=V)

    def __call__(self, canvas, t, h):
        logits = torch.zeros(*canvas.shape, V + 1)
        logits[..., V] = -1e9
        return logits


class KnowsMoreLater(KnowsNothing):
    """At t it is sure of every token with a logit that grows with t."""

    def __call__(self, canvas, t, h):
        logits = super().__call__(canvas, t, h)
        logits[..., 5] = 20 * t[:, None]
        return logits


@pytest.mark.parametrize("sizes", [[1.0], [0.5, 0.5], [0.1, 0.3, 0.6]])
def test_the_bound_of_a_network_that_knows_nothing_is_the_size_of_the_vocabulary_in_any_steps(sizes):
    tokens = torch.full((4, 32), 5)
    assert schedule_bound(KnowsNothing(), Scheduler(), np.array(sizes), tokens) == pytest.approx(math.log(V), rel=1e-5)


def test_the_bound_weighs_a_step_by_what_it_reveals():
    tokens, network = torch.full((4, 32), 5), KnowsMoreLater()

    def nats(t):
        return math.log(V - 1 + math.exp(20 * t)) - 20 * t

    found = schedule_bound(network, Scheduler(2.0), np.array([0.5, 0.25, 0.25]), tokens)
    assert found == pytest.approx(0.25 * nats(0) + 0.3125 * nats(0.5) + 0.4375 * nats(0.75), rel=1e-4)


def manifest_with(schedules):
    manifest = json.loads((FIXTURES / "tiny-text" / "manifest.json").read_text())
    return manifest if schedules is None else {**manifest, "schedules": schedules}


GOOD = {
    "4": {"step_sizes": [0.1, 0.2, 0.3, 0.4], "clearly_better": True},
    "2": {"step_sizes": [0.4, 0.6], "clearly_better": False},
}


def test_tuned_schedules_are_read_from_a_manifest_and_old_ones_have_none():
    assert tuned_schedules(manifest_with(None)) == {}
    read = tuned_schedules(manifest_with(GOOD))
    assert list(read) == [2, 4]
    assert (read[2].step_sizes, read[2].clearly_better, read[4].clearly_better) == ([0.4, 0.6], False, True)


@pytest.mark.parametrize(
    ("schedules", "says"),
    [
        ([0.5, 0.5], r"schedules must be an object"),
        ({"2": [0.5, 0.5]}, r"schedules\.2 must be an object"),
        ({"2": {"step_sizes": [0.5, 0.5]}}, r"schedules\.2 must be an object of step_sizes and clearly_better"),
        ({"eight": {"step_sizes": [1], "clearly_better": True}}, r"schedules has 'eight', which is no number"),
        ({"0": {"step_sizes": [], "clearly_better": True}}, r"schedules has '0'"),
        ({"1025": {"step_sizes": [1], "clearly_better": True}}, r"schedules has '1025'"),
        ({"2": {"step_sizes": [0.5, "half"], "clearly_better": True}}, r"schedules\.2\.step_sizes must be a list"),
        (
            {"2": {"step_sizes": [0.9995, 0.0005], "clearly_better": True}},
            r"schedules\.2\.step_sizes must be a list of numbers from 1/1024 to 1",
        ),
        ({"3": {"step_sizes": [0.5, 0.5], "clearly_better": True}}, r"schedules\.3 has 2 step_sizes, not 3"),
        ({"2": {"step_sizes": [0.5, 0.4], "clearly_better": True}}, r"schedules\.2\.step_sizes sum to 0\.9, not to 1"),
    ],
)
def test_damaged_ones_are_refused_in_the_sentence_that_the_service_has(schedules, says):
    with pytest.raises(SystemExit, match=rf"^tiny-text: {says}"):
        tuned_schedules(manifest_with(schedules))


def copy_of(name, folder, schedules=None):
    copy = folder / name
    main(["export", "--model", str(FIXTURES / name), "--store", "float32", "--out", str(copy)])
    if schedules:
        write_schedules(copy, {int(steps): entry for steps, entry in schedules.items()})
    return copy


def read(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_writing_one_keeps_the_others_and_all_else(tmp_path):
    model = copy_of("tiny-text", tmp_path)
    before = read(model)
    write_schedules(model, {4: GOOD["4"]})
    write_schedules(model, {2: GOOD["2"]})
    after = read(model)
    assert list(after["schedules"]) == ["2", "4"]
    assert {**after, "schedules": None} == {**before, "schedules": None}
    write_schedules(model, {4: GOOD["4"] | {"clearly_better": False}})
    assert [each.clearly_better for each in tuned_schedules(read(model)).values()] == [False, False]
    with pytest.raises(SystemExit, match="sum to"):
        write_schedules(model, {2: {"step_sizes": [0.5, 0.4], "clearly_better": True}})
    assert tuned_schedules(read(model))[2].step_sizes == [0.4, 0.6], "what is refused is not written"


def test_an_export_keeps_them_with_the_weights_and_drops_them_with_a_word_where_something_else_is_written(
    tmp_path, capsys
):
    model, again = copy_of("tiny-text", tmp_path, GOOD), tmp_path / "again"

    def exported(*options):
        capsys.readouterr()
        main(["export", "--model", str(model), "--out", str(again), *options])
        return read(again).get("schedules"), "tuned schedules are dropped" in capsys.readouterr().out

    assert exported() == (GOOD, False)
    assert exported("--int8") == (GOOD, False)
    assert exported("--defaults", "steps=4") == (GOOD, False)
    assert exported("--defaults", "temperature=0.5") == (None, True)
    assert exported("--defaults", "jumps=spread") == (None, True)
    assert exported("--store", "int8") == (None, True)
    assert exported() == (GOOD, False)
    main(["export", "--model", str(FIXTURES / "tiny-text"), "--out", str(again)])
    assert "schedules" not in read(again)
    assert "tuned schedules are dropped" in capsys.readouterr().out, "other weights take the folder's place"


def search(workplace, model, out, *more):
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(out.parent / "cache"), "--samples", "4", "--length", "16", "--threads", "1"]
    main(["schedule", "--model", str(model), *common, "--out", str(out), "--budgets", "2", "4", *more])


@pytest.mark.parametrize("name", ["tiny-text", "tiny-llada"])
def test_the_command_writes_schedules_into_the_manifest_and_goes_on_where_it_was_stopped(
    workplace, tmp_path, name, capsys
):
    model, out = copy_of(name, tmp_path), tmp_path / "trials.json"
    search(workplace, model, out, "--hours", "0")
    assert [each.step_sizes for each in tuned_schedules(read(model)).values()] == [[0.5, 0.5], [0.25] * 4]
    assert not any(each.clearly_better for each in tuned_schedules(read(model)).values())
    assert "its time is up" in capsys.readouterr().out
    search(workplace, model, out)
    printed = capsys.readouterr().out
    assert "its time is up" not in printed
    for name_of_row in ("uniform", "geometric"):
        assert printed.count(f"| {name_of_row} |") >= 2
    found = read(model)["schedules"]
    assert list(found) == ["2", "4"]
    assert all(min(each["step_sizes"]) >= 1 / 1024 for each in found.values())
    trials = out.read_text()
    search(workplace, model, out)
    assert out.read_text() == trials, "nothing was measured again"
    assert read(model)["schedules"] == found


def test_an_independent_judge_confirms_and_tells_how_proxies_rank(workplace, tmp_path, capsys):
    model, out = copy_of("tiny-text", tmp_path), tmp_path / "trials.json"
    judge = ["--judge", str(write_gguf(tmp_path / "tiny.gguf", llama())), "--confirm-samples", "6"]
    before = read(model)
    search(workplace, model, out, *judge, "--check-proxies", "3", "--dry-run")
    printed = capsys.readouterr().out
    assert "On 6 other texts, by tiny;" in printed
    for proxy in ("own", "bound"):
        assert f"2 steps: of 3 schedules the {proxy} ranks like the independent judge:" in printed
    assert read(model) == before, "--dry-run writes nothing"
    assert "| gain | gain, own judge |" in printed
    kinds = {(r.get("by", r["kind"]), r["samples"]) for r in json.loads(out.read_text())["records"]}
    assert kinds == {("own", 4), ("own", 6), ("independent", 4), ("independent", 6), ("bound", 4)}


def test_a_search_by_the_bound_writes_nothing_and_finds_what_lowers_it(workplace, tmp_path, capsys):
    model, out = copy_of("tiny-text", tmp_path), tmp_path / "trials.json"
    search(workplace, model, out, "--search-by", "bound")
    printed = capsys.readouterr().out
    records = [r for r in json.loads(out.read_text())["records"] if r["kind"] == "bound"]
    for steps in (2, 4):
        (usual,) = (r["nats"] for r in records if (r["steps"], r["schedule"]) == (steps, "uniform"))
        best = min((r for r in records if r["steps"] == steps), key=lambda r: r["nats"])
        assert best["nats"] <= usual
        assert f"{steps} steps: {best['schedule']} is best of" in printed
    with pytest.raises(SystemExit, match="no flow of a mask source"):
        search(workplace, copy_of("tiny-llada", tmp_path), out, "--search-by", "bound")


def test_what_makes_no_sense_is_refused(workplace, tmp_path):
    model, out = copy_of("tiny-text", tmp_path), tmp_path / "trials.json"
    for options, says in (
        (["--budgets", "1"], "from 2 steps"),
        (["--hours", "-1"], "--hours -1.0"),
        (["--search-by", "independent"], "no independent judge is named"),
        (["--check-proxies", "3"], "no independent judge is named"),
    ):
        with pytest.raises(SystemExit, match=says):
            search(workplace, model, out, *options)
    (model / "manifest.json").write_text(json.dumps({**read(model), "schedules": [1]}))
    with pytest.raises(SystemExit, match="schedules must be an object"):
        search(workplace, model, out)


def swept(workplace, model, out, *more):
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(out.parent / "cache"), "--samples", "4", "--length", "16", "--threads", "1"]
    main(["sweep", "--model", str(model), *common, "--out", str(out), *more])
    return [r for r in json.loads(out.read_text())["records"] if "steps" in r]


def test_a_sweep_takes_tuned_schedules_and_listed_ones_with_as_many_steps_as_they_have(workplace, tmp_path):
    model = copy_of("tiny-text", tmp_path, GOOD)
    records = swept(
        workplace,
        model,
        tmp_path / "sweep.json",
        "--steps",
        "2",
        "3",
        "4",
        "--schedules",
        "uniform",
        "tuned",
        "0.2,0.3,0.5",
    )
    taken = [(r["steps"], r["schedule"]) for r in records]
    assert taken == [
        (2, "uniform"),
        (2, listed([0.4, 0.6])),
        (3, "uniform"),
        (3, "0.2,0.3,0.5"),
        (4, "uniform"),
        (4, "0.1,0.2,0.3,0.4"),
    ]
    for wrong in ("linear", "0.5,0.4", "0.9999,0.0001"):
        with pytest.raises(SystemExit):
            swept(workplace, model, tmp_path / "other.json", "--schedules", wrong)


def test_a_sweep_over_thresholds_tells_how_many_steps_were_taken(workplace, tmp_path, capsys):
    records = swept(
        workplace, workplace / "llada.pt", tmp_path / "sweep.json", "--steps", "2", "16", "--reveal-above", "0", "0.999"
    )
    taken = [(r["steps"], r["reveal_above"], r["mean_steps"]) for r in records]
    assert taken == [(2, 2.0, 2), (16, 2.0, 16), (16, 0.0, 1), (16, 0.999, 16)]
    assert records[1]["metrics"] == records[3]["metrics"], "nothing is so sure"
    assert "| reveal above |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="takes no threshold"):
        swept(workplace, workplace / "tiny-text", tmp_path / "flow.json", "--steps", "4", "--reveal-above", "0.5")
