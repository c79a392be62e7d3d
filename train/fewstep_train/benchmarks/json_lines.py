"""The protocol of the timing commands: one JSON line asks on standard input, one answers on standard output."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Answer = Mapping[str, float | str]


def answer_lines(answer: Callable[[dict[str, Any]], Answer]) -> None:
    """Until the input ends. What goes wrong is an answer, too: {"error": "..."}."""
    for line in sys.stdin:
        try:
            answered = answer(json.loads(line))
        except (Exception, SystemExit) as error:
            answered = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answered), flush=True)
