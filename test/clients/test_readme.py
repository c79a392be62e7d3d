"""The Python that the README shows."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readme_runs(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    scripts = re.findall(r"^```python\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    assert scripts
    for script in scripts:
        here = script.replace("http://127.0.0.1:8080", service).replace("fewstep-stories", "tiny-text")
        exec(compile(here, "README.md", "exec"), {})
        assert capsys.readouterr().out
