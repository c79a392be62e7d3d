"""The profile of a step names its operators and what share of the matrix rate it reaches."""

import pytest
from fixtures import FIXTURES

from fewstep_train.__main__ import main


@pytest.mark.parametrize("model", ["tiny-text", "tiny-llada"])
def test_profile_lists_operators_by_time(model, capsys):
    shape = ["--rows", "2", "--length", "16", "--threads", "1", "--repeats", "2"]
    shape += ["--top", "100"]  # all: which are the longest is a matter of time
    main(["profile-step", "--model", str(FIXTURES / model), *shape])
    heading, *table = capsys.readouterr().out.split("(profiled)\n")
    assert "2 x 16 tokens, 1 threads" in heading
    assert "MFLOP a token" in heading
    rows = [line.split() for line in "".join(table).splitlines()[:-1]]
    assert {"MatMul", "Softmax", "RotaryEmbedding"} <= {row[-1] for row in rows}
    assert [float(row[0]) for row in rows] == sorted((float(row[0]) for row in rows), reverse=True)
