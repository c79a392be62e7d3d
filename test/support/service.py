"""The real service for Python tests, in a process of its own on a free port, with tiny models."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).parents[2]
MODELS = ("tiny-text", "tiny-llada")
# One that hangs ends by itself, and the tests with it.
LIFETIME_SECONDS = 1800


@contextmanager
def running(**settings: str) -> Iterator[str]:
    """Its address, as http://HOST:PORT; `settings` differ from those of all tests."""
    usual = {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "PORT": "0",
        "FEWSTEP_MODEL": ",".join(str(ROOT / "test/fixtures/models" / name) for name in MODELS),
        "FEWSTEP_EXECUTION_PROVIDER": "cpu",
        "FEWSTEP_WORKERS": "1",
        "FEWSTEP_THREADS": "1",
        "FEWSTEP_WARM_UP_MS": "0",
        "FEWSTEP_CACHE_DIR": "none",
        "FEWSTEP_DRAIN_GRACE_MS": "0",
    }
    command = ["timeout", str(LIFETIME_SECONDS), "node", "test/support/service.js"]
    process = subprocess.Popen(command, cwd=ROOT, env=usual | settings, stdout=subprocess.PIPE, text=True)
    try:
        address = address_in(process)
        # A pipe that nobody empties would stop it when it is full.
        Thread(target=process.communicate, daemon=True).start()
        yield address
    finally:
        process.terminate()
        process.wait()


def address_in(process: subprocess.Popen[str]) -> str:
    """Where a started service says in its log that it listens."""
    assert process.stdout is not None
    log = ""
    for line in process.stdout:
        log += line
        if found := re.search(r"http://[\d.]+:\d+", line):
            return found[0]
    raise RuntimeError(f"the service ended before it listened: {log}")
