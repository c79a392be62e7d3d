"""What is written for clusters, checked without one: rendered, compared with schemas, asked of a real Prometheus."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/helm/fewstep"
TOOLS = ROOT / "deploy/tools"
Resource = dict[str, Any]


@pytest.fixture(scope="session")
def helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs helm, which deploy/tools/install.sh brings, or the one on the PATH."""
    installed = TOOLS / "node_modules/.layer/helm/helm"
    program = str(installed) if installed.exists() else shutil.which("helm")
    assert program, "no helm: run deploy/tools/install.sh"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def render(helm: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Callable[..., list[Resource]]:
    """From values to resources; fails with helm's own words."""

    def run(values: Resource, kubernetes: str = "1.35.0", release: str = "fewstep") -> list[Resource]:
        file = tmp_path / "values.yaml"
        file.write_text(json.dumps(values))
        done = helm(
            "template", release, str(CHART), "--namespace", "text", "--values", str(file), "--kube-version", kubernetes
        )
        assert done.returncode == 0, done.stderr
        return [resource for resource in yaml.safe_load_all(done.stdout) if resource]

    return run


def documents(file: Path) -> list[Resource]:
    return [document for document in yaml.safe_load_all(file.read_text()) if document]


def only(resources: list[Resource], kind: str) -> Resource:
    found = [resource for resource in resources if resource["kind"] == kind]
    assert len(found) == 1, f"{len(found)} of {kind}"
    return found[0]
