"""Clients of OpenAI's API, unpatched: the official one, LangChain and the evaluation harness."""

import json
from pathlib import Path

import lm_eval
import openai
import pytest
from langchain_openai import ChatOpenAI, OpenAI
from lm_eval.tasks import TaskManager

MODEL = "tiny-text"


@pytest.fixture
def client(service: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{service}/v1", api_key="none", max_retries=0)


def test_a_completion(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt="the cat", max_tokens=8, seed=3, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.usage.completion_tokens > 0
    again = client.completions.create(model=MODEL, prompt=["the cat"], max_tokens=8, seed=3, extra_body={"n": 2})
    assert [choice.text for choice in again.choices] == [choice.text for choice in answer.choices]


def test_a_stream_is_the_text_and_its_usage(client: openai.OpenAI) -> None:
    asked = {"model": MODEL, "prompt": "the cat", "max_tokens": 12, "seed": 5}
    whole = client.completions.create(**asked)
    chunks = list(client.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == whole.choices[0].text
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage


def test_our_own_options_by_extra_body(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt="the cat", max_tokens=8, extra_body={"steps": 3})
    assert answer.choices[0].model_extra["steps"] == 3


def test_a_chat_and_its_stream(client: openai.OpenAI) -> None:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "the cat"}], "max_tokens": 8, "seed": 5}
    whole = client.chat.completions.create(**asked).choices[0].message
    assert whole.role == "assistant"
    deltas = [chunk.choices[0].delta for chunk in client.chat.completions.create(**asked, stream=True)]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == whole.content


def test_models(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL


@pytest.mark.parametrize(
    ("asked", "error", "param"),
    [
        ({"model": "gpt-4"}, openai.NotFoundError, "model"),
        ({"temperature": 9}, openai.BadRequestError, "temperature"),
        ({"max_tokens": 100_000}, openai.APIStatusError, "max_tokens"),
        ({"extra_body": {"steps": 0}}, openai.BadRequestError, "steps"),
    ],
)
def test_errors_are_the_clients_own(
    client: openai.OpenAI, asked: dict, error: type[openai.APIStatusError], param: str
) -> None:
    with pytest.raises(error) as caught:
        client.completions.create(**{"model": MODEL, "prompt": "the cat", **asked})
    assert caught.value.param == param
    assert caught.value.request_id


def test_langchain(service: str) -> None:
    common = {"base_url": f"{service}/v1", "api_key": "none", "model": MODEL, "max_tokens": 8, "seed": 2}
    text = OpenAI(**common)
    assert text.invoke("the cat") == "".join(text.stream("the cat"))
    assert len(text.batch(["the cat", "the dog"])) == 2
    chat = ChatOpenAI(**common)
    assert chat.invoke("the cat").content == "".join(chunk.content for chunk in chat.stream("the cat"))


def test_lm_eval(service: str, tmp_path: Path) -> None:
    """A local task of three questions, whose answers the model itself gave before."""
    client = openai.OpenAI(base_url=f"{service}/v1", api_key="none")
    questions = ["the cat", "the dog", "a fox"]
    answers = [
        client.completions.create(model=MODEL, prompt=q, max_tokens=6, seed=1234, temperature=0) for q in questions
    ]
    rows = [{"question": q, "answer": a.choices[0].text} for q, a in zip(questions, answers, strict=True)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "task.yaml").write_text(
        f"""
task: echo
dataset_path: json
dataset_kwargs:
  data_files: {tmp_path / "rows.jsonl"}
test_split: train
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs:
  until: ["<never>"]
  max_gen_toks: 6
  temperature: 0
metric_list:
  - metric: exact_match
"""
    )
    results = lm_eval.simple_evaluate(
        model="local-completions",
        model_args=f"model={MODEL},base_url={service}/v1/completions,tokenizer_backend=None,tokenized_requests=False",
        tasks=["echo"],
        task_manager=TaskManager(include_path=str(tmp_path), include_defaults=False),
        bootstrap_iters=0,
        cache_requests=False,
    )
    assert results["results"]["echo"]["exact_match,none"] == 1.0
