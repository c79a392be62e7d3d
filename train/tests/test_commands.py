"""Every command explains itself."""

import sys

import pytest

from fewstep_train.__main__ import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_command_and_its_options(command, capsys):
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])
    assert exit.value.code == 0
    assert f"python -m fewstep_train {command} " in capsys.readouterr().out


def test_without_the_harness_its_command_says_where_it_comes_from(monkeypatch):
    for module in [name for name in sys.modules if name.startswith("fewstep_train.harness.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(SystemExit, match=r"pip install -e './train\[harness\]'"):
        main(["lm-eval", "--tasks", "any"])
