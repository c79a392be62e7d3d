"""Commands of the documents: each is one that the kit understands."""

import re
import shlex
from pathlib import Path

import pytest

from fewstep_train.__main__ import make_parser

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "docs/training.md",
    "docs/score.md",
    "train/EXPERIMENTS.md",
    "models/fewstep-stories/EVALUATION.md",
)


def commands(document: str) -> list[list[str]]:
    """Arguments of every `python -m fewstep_train` in an indented line, and in those that it goes on in."""
    text = (ROOT / document).read_text().replace("\\\n", " ")
    lines = re.findall(r"^ {4}.*?python3? -m fewstep_train (.*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_are_understood(document, capsys):
    found = commands(document)
    assert found
    for arguments in found:
        try:
            make_parser().parse_args(arguments)
        except SystemExit as end:
            assert end.code == 0, f"{shlex.join(arguments)}: {capsys.readouterr().err}"
