"""The kit's adapter for the evaluation harness: what the harness is told is what the service says."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fewstep_train.__main__ import main
from fewstep_train.harness.model import FewstepLM
from fewstep_train.harness.run import evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model
from requests import HTTPError

ROOT = Path(__file__).parents[2]
MODEL = "tiny-llada"
CANVAS = 64
SEED = 5
SAMPLES = 8
LONG = "The little girl threw the ball to the dog. " * 4

Ask = Callable[..., dict]


@pytest.fixture
def ask(service: str) -> Ask:
    def post(path: str, **body: object) -> dict:
        answer = httpx.post(service + path, json={"model": MODEL, **body}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    return post


@pytest.fixture
def model(service: str) -> FewstepLM:
    return FewstepLM(service, MODEL, samples=SAMPLES, seed=SEED)


def logprobs(ask: Ask, prompt: str, texts: list[str]) -> list[float]:
    answer = ask("/v1/score", prompt=prompt, continuations=texts, samples=SAMPLES, seed=SEED)
    return [score["logprob"] for score in answer["scores"]]


def asked(kind: str, *arguments: tuple) -> list[Instance]:
    return [Instance(kind, {}, each, i, ("test", i, 1)) for i, each in enumerate(arguments)]


def test_a_multiple_choice_task(ask: Ask, model: FewstepLM, tmp_path: Path) -> None:
    """Two questions whose answer the model finds the most probable, one where it is the least."""
    questions = {"the cat": ["sat", "ran off", "x"], "a dog": ["barks", "the"], "she said": ["no", "yes", "hello"]}
    rows = []
    for question, choices in questions.items():
        scores = logprobs(ask, question, [f" {choice}" for choice in choices])
        best = len(rows) < 2
        rows.append({"q": question, "choices": choices, "right": scores.index((max if best else min)(scores))})
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "task.yaml").write_text(
        f"""
task: choices
dataset_path: json
dataset_kwargs:
  data_files: {tmp_path / "rows.jsonl"}
test_split: train
output_type: multiple_choice
doc_to_text: "{{{{q}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{right}}}}"
"""
    )
    results = evaluate(model, ["choices"], own=tmp_path, num_fewshot=None, limit=None)
    assert results["results"]["choices"]["acc,none"] == pytest.approx(2 / 3)


def test_a_likelihood_is_the_bound_that_the_service_has(ask: Ask, model: FewstepLM) -> None:
    pairs = [("the cat", " sat"), ("", "once"), ("the cat", " ran"), ("the cat", ""), ("the cat", " sat")]
    likelihoods = model.loglikelihood(asked("loglikelihood", *pairs), disable_tqdm=True)
    sat, ran = logprobs(ask, "the cat", [" sat", " ran"])
    assert [nats for nats, _ in likelihoods] == [sat, *logprobs(ask, "", ["once"]), ran, 0, sat]


def test_greedy_is_what_the_service_writes(ask: Ask, model: FewstepLM) -> None:
    context = "the cat"
    texts = [f" {word}" for word in ("sat", "ran")]
    tokens = [s["tokens"] for s in ask("/v1/score", prompt=context, continuations=texts, samples=4)["scores"]]
    written = {
        size: ask("/v1/completions", prompt=context, max_tokens=size, temperature=0, seed=SEED)["choices"][0]["text"]
        for size in {*tokens, 1}
    }
    assert len(written[1]) > 0
    pairs = [(context, text) for text in (*texts, written[1])]
    greedy = [greedy for _, greedy in model.loglikelihood(asked("loglikelihood", *pairs), disable_tqdm=True)]
    assert greedy == [*(written[size] == text for size, text in zip(tokens, texts, strict=True)), True]
    assert False in greedy


def test_of_a_context_that_is_too_long_its_end_counts(ask: Ask, model: FewstepLM) -> None:
    pieces = ask("/tokenize", prompt=LONG, return_token_strs=True)["token_strs"]
    size = ask("/tokenize", prompt=" sat")["count"]
    assert len(pieces) > CANVAS
    ((nats, _),) = model.loglikelihood(asked("loglikelihood", (LONG, " sat")), disable_tqdm=True)
    assert [nats] == logprobs(ask, "".join(pieces[size - CANVAS :]), [" sat"])


def test_of_a_text_all_is_scored_once(ask: Ask, model: FewstepLM) -> None:
    short = "the cat sat"
    pieces = ask("/tokenize", prompt=LONG, return_token_strs=True)["token_strs"]
    windows = ["".join(pieces[begin : begin + CANVAS // 2]) for begin in range(0, len(pieces), CANVAS // 2)]
    before = ["", *windows[:-1]]
    whole = sum(logprobs(ask, given, [window])[0] for given, window in zip(before, windows, strict=True))
    nats = model.loglikelihood_rolling(asked("loglikelihood_rolling", (short,), (LONG,), ("",)), disable_tqdm=True)
    assert nats == [*logprobs(ask, "", [short]), pytest.approx(whole), 0]


def test_what_is_written_ends_where_it_shall(ask: Ask, model: FewstepLM) -> None:
    whole = ask("/v1/completions", prompt="the cat", max_tokens=20, temperature=0, seed=SEED)["choices"][0]["text"]
    assert len(whole) > 4
    kwargs = {"max_gen_toks": 20, "temperature": 0}
    requests = asked(
        "generate_until",
        ("the cat", {"until": ["<never>"], **kwargs}),
        ("the cat", {"until": [whole[3:5]], **kwargs}),
        (LONG, {"until": [], **kwargs}),
    )
    texts = model.generate_until(requests, disable_tqdm=True)
    assert texts[:2] == [whole, whole[: whole.index(whole[3:5])]]
    assert isinstance(texts[2], str)


def test_openais_client_of_the_harness_is_told_where_likelihoods_are(
    service: str, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = f"model={MODEL},base_url={service}/v1/completions,tokenizer_backend=remote,max_retries=1"
    client = get_model("local-completions").create_from_arg_string(arguments)
    with pytest.raises(HTTPError):
        client.loglikelihood(asked("loglikelihood", ("the cat", " sat")), disable_tqdm=True)
    assert "POST /v1/score" in caplog.text


def test_the_command_that_is_shown(
    service: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (command,) = re.findall(
        r"^ {4}.*python -m fewstep_train (lm-eval .*)$", Path("docs/score.md").read_text(), re.MULTILINE
    )
    main([*shlex.split(command.replace("fewstep-stories", MODEL)), "--url", service, "--limit", "3"])
    assert re.search(r"^\|story-endings\|.*\|acc ", capsys.readouterr().out, re.MULTILINE)
