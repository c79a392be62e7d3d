"""Rules and dashboard, asked of a real Prometheus (Debian's `prometheus`) that has scraped a real service."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from service import running

RULES = ROOT / "deploy/prometheus/rules.yaml"
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
KEY = "a-key-of-the-tests-that-is-long"
LIFETIME_SECONDS = 120
# Nothing of the kind has happened: no answer is right.
MAY_BE_EMPTY = {'changes(process_start_time_seconds{job=~".*"}[2m]) > 0'}


def test_rules_do_what_their_tests_say() -> None:
    for arguments in (["check", "rules", str(RULES)], ["test", "rules", str(RULES.with_name("rules.test.yaml"))]):
        done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """Its address, HOST:PORT. It has keys."""
    model = str(ROOT / "test/fixtures/models/tiny-text")
    with running(FEWSTEP_MODEL=model, FEWSTEP_API_KEYS=f"alice:{KEY}", FEWSTEP_METRICS_ALIASES="vllm") as address:
        yield address.removeprefix("http://")


def ask(service: str, key: str) -> int:
    body = json.dumps({"prompt": "The cat", "max_tokens": 4, "steps": 2}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"http://{service}/v1/generate", body, headers), timeout=30
        ) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def prometheus(service: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, once it has seen the service do something. Configured as compose.yaml does, but quicker."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = (
        (ROOT / "deploy/compose/prometheus.yaml")
        .read_text()
        .replace("fewstep:8080", service)
        .replace("_interval: 5s", "_interval: 1s")
    )
    (folder / "prometheus.yml").write_text(config)
    shutil.copy(RULES, folder)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        "timeout",
        str(LIFETIME_SECONDS),
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        "--log.level=error",
    ]
    process = subprocess.Popen(
        [*command, f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    )
    try:
        begin = time.monotonic()
        # A counter has a rate from its second sample on, so things happen until one has been seen.
        while not query_or_nothing(address, "fewstep:queue_seconds:p95_5m > 0"):
            assert process.poll() is None, "prometheus ended"
            assert time.monotonic() - begin < LIFETIME_SECONDS, "prometheus sees nothing"
            assert (ask(service, KEY), ask(service, "wrong")) == (200, 401)
            time.sleep(0.5)  # it announces no scrape, so it is asked
        yield address
    finally:
        process.terminate()
        process.wait()


def query(address: str, expression: str) -> list[Any]:
    url = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{expression}: {error.read().decode()}") from error


def query_or_nothing(address: str, expression: str) -> list[Any]:
    try:
        return query(address, expression)
    except (urllib.error.URLError, AssertionError):
        return []


def dashboard_queries() -> list[str]:
    texts = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    texts += [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]
    values = {"$model_name": ".*", "$job": ".*", "$__rate_interval": "1m"}
    for name, value in values.items():
        texts = [text.replace(name, value) for text in texts]
    return texts


def test_every_query_of_the_dashboard_has_an_answer(prometheus: str) -> None:
    queries = dashboard_queries()
    assert len(queries) > 30
    assert [text for text in queries if "$" in text] == [], "a variable that is not known here"
    assert [text for text in queries if not query(prometheus, text) and text not in MAY_BE_EMPTY] == []


def test_every_variable_of_the_dashboard_is_used_and_has_values(prometheus: str) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]).groups()
            assert all(label in each["metric"] for each in query(prometheus, series.replace("$job", ".*")))
        assert f"${variable['name']}" in json.dumps(DASHBOARD) or f"${{{variable['name']}}}" in json.dumps(DASHBOARD)


def test_every_recording_rule_has_a_value_and_no_alert_fires(prometheus: str) -> None:
    names = re.findall(r"record: (\S+)", RULES.read_text())
    assert len(names) > 5
    assert [name for name in names if not query(prometheus, name)] == []
    assert query(prometheus, 'ALERTS{alertstate="firing"}') == []


def test_every_alert_looks_at_metrics_that_are_there(prometheus: str) -> None:
    """A misspelt metric would keep an alert silent for ever."""
    metrics = {each["metric"]["__name__"] for each in query(prometheus, '{job="fewstep"}')} | {"up"}
    metrics |= set(re.findall(r"record: (\S+)", RULES.read_text()))
    named = set(
        re.findall(
            r"\b((?:fewstep|nodejs|process)[_:][a-z0-9_:]+)",
            "".join(re.findall(r"expr:(.+(?:\n {10}.+)*)", RULES.read_text())),
        )
    )
    assert named
    assert named - metrics == set()


def test_the_metrics_of_the_service_are_as_prometheus_wants_them(service: str) -> None:
    with urllib.request.urlopen(f"http://{service}/metrics", timeout=30) as answer:
        text = answer.read()
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=60)
    # The libraries' own have names of long standing, and so have vLLM's.
    complaints = [line for line in done.stderr.decode().splitlines() if not line.startswith("nodejs_")]
    colons = [line for line in complaints if line.endswith("metric names should not contain ':'")]
    assert [line for line in complaints if line not in colons] == []
    assert {line.split(":", 1)[0] for line in colons} == {"vllm"}


# What dashboards for vLLM and the endpoint picker of the inference extension ask for.
VLLM_QUERIES = (
    "sum(vllm:num_requests_waiting{model_name='tiny-text'})",
    "sum(vllm:num_requests_running{model_name='tiny-text'})",
    "rate(vllm:prompt_tokens_total{model_name='tiny-text'}[1m]) > 0",
    "rate(vllm:generation_tokens_total{model_name='tiny-text'}[1m]) > 0",
    "sum by (finished_reason) (increase(vllm:request_success_total{model_name='tiny-text'}[1m])) > 0",
    "histogram_quantile(0.99, sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket[1m]))) > 0",
    "histogram_quantile(0.95, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket[1m]))) > 0",
    "rate(vllm:request_queue_time_seconds_sum[1m]) / rate(vllm:request_queue_time_seconds_count[1m]) >= 0",
    "rate(vllm:request_inference_time_seconds_sum[1m]) > 0",
    "sum by (le) (increase(vllm:request_prompt_tokens_bucket[1m])) > 0",
    "sum by (le) (increase(vllm:request_generation_tokens_bucket[1m])) > 0",
    "sum(vllm:request_params_n_count)",
)


def test_what_knows_the_names_of_vllm_finds_its_figures(prometheus: str) -> None:
    begin = time.monotonic()
    # A rate needs two scrapes.
    while left := [text for text in VLLM_QUERIES if not query(prometheus, text)]:
        assert time.monotonic() - begin < LIFETIME_SECONDS / 4, left
        time.sleep(0.5)  # it announces no scrape, so it is asked


def test_the_compose_configuration_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    shutil.copy(ROOT / "deploy/compose/prometheus.yaml", tmp_path / "prometheus.yml")
    shutil.copy(RULES, tmp_path)
    done = subprocess.run(
        ["promtool", "check", "config", str(tmp_path / "prometheus.yml")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
