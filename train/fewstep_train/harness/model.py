"""The harness's `LM` over a running service: its likelihoods are bounds, estimated by /v1/score.

A diffusion model has no chain of conditionals that one pass would give. What the harness calls a log-likelihood is here
the bound that docs/score.md describes, of the continuation as a whole given its context; all continuations of a context
are scored on the same draws, so that which of them is best is surer than each number.

`is_greedy` is what its name says and no more: whether the service writes exactly that continuation when it is asked, at
temperature 0 and with `steps` refinements, for as many tokens. No conditional of a single token has a part in it.
"""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.models.utils import normalize_gen_kwargs
from tqdm import tqdm

from fewstep_train.harness.service import MOST_CONTINUATIONS, MOST_STOPS, TOO_LONG, RefusedError, Score, Service

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

Likelihood = tuple[float, bool]  # nats, is_greedy

log = logging.getLogger(__name__)


@register_model("fewstep")
class FewstepLM(LM):
    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        model: str | None = None,
        samples: int = 32,
        steps: int | None = None,
        seed: int = 1234,
        max_gen_toks: int = 128,
        api_key: str | None = None,
        batch_size: int | str = 4,
        max_batch_size: int | None = None,
        device: str | None = None,
    ) -> None:
        """`samples` canvases for each text, `steps` refinements of what is written (None: the model's default);
        `batch_size` requests are under way at once: the service makes the batches. The last two are the harness's, and
        mean nothing here. The key, where the service asks for one, may stand in OPENAI_API_KEY instead."""
        super().__init__()
        self.service = Service(url, model, api_key or os.environ.get("OPENAI_API_KEY"))
        self.samples = samples
        self.steps = steps
        self.seed = seed
        self.max_gen_toks = max_gen_toks
        self.batch_size = int(batch_size) if str(batch_size).isdigit() else 4

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = False) -> list[Likelihood]:
        """Nats of each (context, continuation), a bound from below, and `is_greedy` as above."""
        of_context: dict[str, list[str]] = {}
        for context, continuation in (request.args for request in requests):
            of_context.setdefault(context, []).append(continuation)
        jobs = [
            (context, part)
            for context, continuations in of_context.items()
            for part in parts(list(dict.fromkeys(continuations)), MOST_CONTINUATIONS)
        ]
        answers: dict[tuple[str, str], Likelihood] = {}
        for (context, part), likelihoods in self._each(self._likelihoods, jobs, disable_tqdm):
            for continuation, likelihood in zip(part, likelihoods, strict=True):
                answers[context, continuation] = likelihood
                self.cache_hook.add_partial("loglikelihood", (context, continuation), likelihood)
        return [answers[request.args] for request in requests]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Nats of each text: of one that does not fit a canvas the sum over windows of half a canvas, each given the
        half before it."""
        sums: dict[str, float] = {}
        for text, nats in self._each(self._rolling, list({request.args[0] for request in requests}), disable_tqdm):
            sums[text] = nats
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), nats)
        return [sums[request.args[0]] for request in requests]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """What the model writes after each context; longer than the canvas it is made in blocks."""
        texts = []
        for request, text in self._each(self._generate, requests, disable_tqdm):
            texts.append(text)
            self.cache_hook.add_partial("generate_until", request.args, text)
        return texts

    def _each(
        self, answer: Callable[[Asked], Answer], asked: Sequence[Asked], disable_tqdm: bool
    ) -> Iterable[tuple[Asked, Answer]]:
        """In order; `batch_size` at once."""
        with ThreadPoolExecutor(self.batch_size) as pool:
            answers = pool.map(answer, asked)
            yield from zip(asked, tqdm(answers, total=len(asked), disable=disable_tqdm), strict=True)

    def _likelihoods(self, job: tuple[str, list[str]]) -> list[Likelihood]:
        context, continuations = job
        texts = [text for text in continuations if text]
        likelihoods = {"": (0.0, True)}  # the empty text is certain
        if texts:
            context, scores = self._score(context, texts)
            written = {size: self._greedy(context, size) for size in {score.tokens for score in scores}}
            for text, score in zip(texts, scores, strict=True):
                likelihoods[text] = (score.logprob, written[score.tokens] == text)
        return [likelihoods[text] for text in continuations]

    def _score(self, context: str, texts: Sequence[str]) -> tuple[str, list[Score]]:
        """Given as much of the context's end as the canvas has room for, which is the first of what is returned."""
        given = context
        room: int | None = None
        pieces: list[str] = []
        while True:
            try:
                return given, self.service.score(given, texts, self.samples, self.seed)
            except RefusedError as refused:
                if refused.code not in TOO_LONG or room == 0:
                    raise
                if room is None:
                    pieces = self.service.pieces(context)
                    room = self._room(max(len(self.service.pieces(text)) for text in texts))
                    log.warning(
                        "a context is longer than the canvas of %d tokens: its end counts", self.service.max_length
                    )
                else:  # the end of a context may have more tokens by itself than it had as a part of it
                    room -= -(-room // 16)
                given = "".join(pieces[-room:]) if room > 0 else ""

    def _room(self, tokens: int) -> int:
        return max(0, self.service.max_length - tokens)

    def _greedy(self, context: str, tokens: int) -> str:
        return self.service.complete(context, tokens, temperature=0, seed=self.seed, **self._budget())

    def _budget(self) -> dict[str, int]:
        return {} if self.steps is None else {"steps": self.steps}

    def _rolling(self, text: str) -> float:
        if not text:
            return 0.0
        pieces = self.service.pieces(text)
        if len(pieces) <= self.service.max_length:
            return self._score("", [text])[1][0].logprob
        half = max(1, self.service.max_length // 2)
        windows = (
            ("".join(pieces[max(0, begin - half) : begin]), "".join(pieces[begin : begin + half]))
            for begin in range(0, len(pieces), half)
        )
        return sum(self._score(before, [window])[1][0].logprob for before, window in windows if window)

    def _generate(self, request: Instance) -> str:
        context, asked = request.args
        options = {"seed": self.seed, **self._budget(), **normalize_gen_kwargs(asked, self.max_gen_toks)}
        options.pop("do_sample")
        max_tokens = options.pop("max_gen_toks")
        stop = [text for text in options.pop("until") if text]
        if stop:
            options["stop"] = stop[:MOST_STOPS]
        try:
            return self.service.complete(context, max_tokens, **options)
        except RefusedError as refused:
            if refused.code not in TOO_LONG:
                raise
            # Blocks make more than there is room for; half a canvas of context at least.
            room = max(self._room(max_tokens), self.service.max_length // 2)
            return self.service.complete("".join(self.service.pieces(context)[-room:]), max_tokens, **options)


def parts(texts: list[str], size: int) -> list[list[str]]:
    return [texts[begin : begin + size] for begin in range(0, len(texts), size)]
