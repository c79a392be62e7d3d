"""Every command explains itself."""

import pytest

from fewstep_train.__main__ import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_command_and_its_options(command, capsys):
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])
    assert exit.value.code == 0
    assert f"python -m fewstep_train {command} " in capsys.readouterr().out
