"""A decoder graph, timed in ONNX Runtime token by token.

In Python, because its bindings can keep the key-value cache in one buffer: onnxruntime-node copies every output, so
there each token would copy the whole cache.
"""

import time
from dataclasses import dataclass

import numpy as np
import onnxruntime
from onnxruntime import InferenceSession, IOBinding, OrtValue

from fewstep_train.graphs.session_options import cpu_options

WARM_UP_SECONDS = 0.08  # untimed tokens before the timed ones: threads wake up, and others' give the cores back


@dataclass(frozen=True)
class Request:
    """Timing of `tokens` tokens of each of `rows` rows, the first at `position`, with room for `room` in the cache."""

    graph: str
    threads: int
    rows: int
    room: int
    position: int
    tokens: int


class Runner:
    """Keeps one session and one cache: those asked for last."""

    def __init__(self) -> None:
        self.session: tuple[tuple[str, int], InferenceSession] | None = None
        self.binding: tuple[tuple[str, int, int, int], IOBinding] | None = None

    def open(self, request: Request) -> InferenceSession:
        key = (request.graph, request.threads)
        if self.session is None or self.session[0] != key:
            self.session = self.binding = None
            options = cpu_options(request.threads)
            self.session = key, InferenceSession(request.graph, options, providers=["CPUExecutionProvider"])
        return self.session[1]

    def bind(self, request: Request) -> IOBinding:
        """Every past and its present are one buffer, the token drawn is the next one's input."""
        session = self.open(request)
        key = (request.graph, request.threads, request.rows, request.room)
        if self.binding is None or self.binding[0] != key:
            self.binding = None  # its memory goes before more is taken
            binding = session.io_binding()
            for past in (i for i in session.get_inputs() if i.name.startswith("past_")):
                shape = (request.rows, past.shape[1], request.room, past.shape[3])
                # Written, so that no page of it is touched for the first time while a token is timed.
                cache = OrtValue.ortvalue_from_numpy(np.full(shape, 0.01, np.float32))
                binding.bind_ortvalue_input(past.name, cache)
                binding.bind_ortvalue_output(past.name.replace("past_", "present_"), cache)
            token = OrtValue.ortvalue_from_numpy(np.zeros((request.rows, 1), np.int64))
            binding.bind_ortvalue_input("tokens", token)
            binding.bind_ortvalue_output("next_token", token)
            binding.bind_cpu_input("temperature", np.ones(request.rows, np.float32))
            binding.bind_cpu_input("noise", np.full(request.rows, 0.5, np.float32))
            self.binding = key, binding
            self.generate(session, binding, range(2))  # the first run of a shape allocates
        return self.binding[1]

    def generate(self, session: InferenceSession, binding: IOBinding, positions: range) -> None:
        for position in positions:
            binding.bind_cpu_input("position", np.array([position], np.int64))
            session.run_with_iobinding(binding)

    def answer(self, request: Request) -> dict[str, float | str]:
        session, binding = self.open(request), self.bind(request)
        positions = range(request.position, request.position + request.tokens)
        begin = time.perf_counter()
        while time.perf_counter() - begin < WARM_UP_SECONDS:
            self.generate(session, binding, positions[:1])
        begin = time.perf_counter()
        self.generate(session, binding, positions)
        return {"ms": (time.perf_counter() - begin) * 1000, "runtime": onnxruntime.__version__}
