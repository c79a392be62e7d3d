"""The Python that README and documents show."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "docs/streaming.md", "docs/coming-from.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_shown_runs(document: str, service: str, capsys: pytest.CaptureFixture[str]) -> None:
    scripts = re.findall(r"^```python\n(.*?)\n```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)
    assert scripts
    for script in scripts:
        here = script.replace("http://127.0.0.1:8080", service).replace("fewstep-stories", "tiny-text")
        exec(compile(here, document, "exec"), {})
        assert capsys.readouterr().out


def test_no_document_is_forgotten() -> None:
    shown = [
        path
        for path in ("README.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
        if "```python" in (ROOT / path).read_text()
    ]
    assert sorted(shown) == sorted(DOCUMENTS)
