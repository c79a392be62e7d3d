"""A running fewstep service, asked over HTTP for what the harness wants to know."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

MOST_CONTINUATIONS = 64  # of one request, as the service takes them
TOO_LONG = ("prompt_too_long", "context_length_exceeded")
TRIES = 8
TRY_AGAIN = (429, 503)  # a queue that is full, workers that start: the answer says when it is worth another try
MOST_STOPS = 32


class RefusedError(Exception):
    """What the service said instead of an answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Score:
    logprob: float  # nats: a bound from below on ln p
    standard_error: float
    tokens: int


class Service:
    """One model of a service. Every method raises RefusedError, or URLError where nobody answers."""

    def __init__(self, url: str, model: str | None = None, api_key: str | None = None) -> None:
        """Without `model` it is the first one that the service lists."""
        self._url = url.rstrip("/")
        self._headers = {"content-type": "application/json"}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        path = "/v1/models" if model is None else f"/v1/models/{quote(model)}"
        answer = self._ask(path)
        card = answer["data"][0] if model is None else answer
        self.model: str = card["id"]
        self.max_length: int = card["max_length"]  # tokens of a canvas: given, scored and made ones together

    def score(self, prompt: str, continuations: Sequence[str], samples: int, seed: int) -> list[Score]:
        """Of each continuation, given the prompt; all of them on the same draws."""
        body = {"prompt": prompt, "continuations": list(continuations), "samples": samples, "seed": seed}
        scores = self._ask("/v1/score", body)["scores"]
        return [Score(score["logprob"], score["standard_error"], score["tokens"]) for score in scores]

    def complete(self, prompt: str, max_tokens: int, **options: object) -> str:
        """What the model writes after the prompt."""
        body = {"prompt": prompt, "max_tokens": max_tokens, **options}
        return self._ask("/v1/completions", body)["choices"][0]["text"]

    def pieces(self, text: str) -> list[str]:
        """The text of each of its tokens; joined they are the text."""
        size = max(2**12, 4 * self.max_length)  # characters: the service tokenises four bytes for each at once
        parts = [text[begin : begin + size] for begin in range(0, len(text), size)]
        asked = ({"prompt": part, "return_token_strs": True} for part in parts)
        return [piece for body in asked for piece in self._ask("/tokenize", body)["token_strs"]]

    def _ask(self, path: str, body: dict[str, object] | None = None) -> dict:
        data = None if body is None else json.dumps({"model": self.model, **body}).encode()
        for left in reversed(range(TRIES)):
            try:
                with urllib.request.urlopen(urllib.request.Request(self._url + path, data, self._headers)) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                refused = refusal(error)
                if error.code not in TRY_AGAIN or left == 0:
                    raise refused from None
                time.sleep(float(error.headers.get("retry-after") or 1))
        raise AssertionError("the last try ends above")


def refusal(error: urllib.error.HTTPError) -> RefusedError:
    text = error.read().decode(errors="replace")
    try:
        details = json.loads(text)["error"]
        return RefusedError(details["code"], details["message"])
    except (ValueError, KeyError, TypeError):
        return RefusedError(str(error.code), f"{error.url} answers {error.code}: {text[:200]}")
