"""schemathesis: requests made from the OpenAPI document, whose answers must be those that the document has.

FUZZ_CASES=5000 FUZZ_SEED=2 python -m pytest -q test/clients/test_schemathesis.py
"""

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from service import running

CONFIGURATIONS = Path(__file__).with_name("fuzz")
CASES = int(os.environ.get("FUZZ_CASES", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
# Routes that take something: of the others there is no more than a case or two.
VARIED_ROUTES = 18
# Of the boundaries of each field, whatever the seed is.
COVERAGE_CASES = 2000
GENERATING_ROUTES = (
    "/v1/generate",
    "/v1/completions",
    "/v1/chat/completions",
    "/v1/fim/completions",
    "/v2/models/:name/generate",
    "/v2/models/:name/generate_stream",
    "/v2/models/:name/infer",
)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


@pytest.fixture(scope="module")
def bounded() -> Iterator[str]:
    """A service that refuses what takes long: a schema allows 128 outputs of 1,024 steps, or 8,192 tokens in blocks.

    Whoever gives it 100 s may rightly be answered after 99; here 30 s without an answer are a hang.
    """
    with running(FEWSTEP_MAX_QUEUE="4", FEWSTEP_MAX_WAIT_MS="200", FEWSTEP_MAX_TOKENS="40") as address:
        yield address


@pytest.mark.parametrize(("phase", "cases"), [("coverage", COVERAGE_CASES), ("fuzzing", CASES)])
def test_every_answer_is_documented(bounded: str, tmp_path: Path, phase: str, cases: int) -> None:
    report = tmp_path / "report.json"
    arguments = {
        "--phases": phase,
        "--checks": ",".join(CHECKS),
        "--max-examples": str(math.ceil(cases / VARIED_ROUTES)),
        "--seed": str(SEED),
        "--generation-database": "none",
        "--request-timeout": "30",
        "--report-json-path": str(report),
    }
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATIONS / f"{phase}.toml")),
            *("run", f"{bounded}/openapi.json", "--no-color", "--continue-on-failure"),
            *(word for argument in arguments.items() for word in argument),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(report.read_text())
    assert found["complete"], run.stdout
    assert found["test_cases"]["generated"] >= cases
    if phase == "fuzzing":
        assert answered_with_200(bounded) >= set(GENERATING_ROUTES), "there are routes that only refused"


def answered_with_200(address: str) -> set[str]:
    metrics = httpx.get(f"{address}/metrics").text
    return set(
        re.findall(r'^fewstep_http_requests_total{method="POST",route="([^"]+)",status="200"}', metrics, re.MULTILINE)
    )
