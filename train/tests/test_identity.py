"""What is kept is found again by what made it: the code that counts, and the content of files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures import tiny_tokenizer
from tokenizers import Tokenizer

from fewstep_train.identity import code_identity
from fewstep_train.text.corpus import encode_corpus

JUDGE = "fewstep_train.evaluation.measures.judge"


@pytest.fixture
def kit(tmp_path):
    """A copy of the kit whose code may be changed."""
    folder = tmp_path / "kit"
    shutil.copytree(Path(sys.modules["fewstep_train"].__file__).parent, folder / "fewstep_train")
    return folder


def run_python(kit, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(kit), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=kit, env=environment, capture_output=True, text=True, check=True).stdout


def identity_in(kit):
    return run_python(kit, "-c", f"from fewstep_train.identity import code_identity as i; print(i({JUDGE!r}))").strip()


def change(kit, module, old, new):
    file = kit / "fewstep_train" / module
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_code_is_what_it_does_with_all_that_it_imports(kit):
    before = identity_in(kit)
    assert before == code_identity(JUDGE), "wherever the kit lies"
    change(kit, "evaluation/measures/metrics.py", '"""Numbers about', '# a remark\n"""Figures about')
    change(kit, "evaluation/report/report.py", "## Goals", "## Aims")
    assert identity_in(kit) == before, "neither words nor what the judge does not use"
    (kit / "fewstep_train" / "evaluation" / "measures" / "copying.py").rename(kit / "fewstep_train" / "copies.py")
    change(
        kit, "evaluation/measures/training_text.py", "fewstep_train.evaluation.measures.copying", "fewstep_train.copies"
    )
    assert identity_in(kit) == before, "nor where a module lies"
    change(kit, "evaluation/measures/metrics.py", "np.log2", "np.log")
    assert identity_in(kit) != before


def test_samples_and_numbers_are_made_anew_by_other_code(kit, workplace, tmp_path):
    out, cache = tmp_path / "sweep.json", tmp_path / "cache"
    text, model = workplace / "text.txt", workplace / "tiny-text"
    common = ["--valid", text, "--cache", cache, "--threads", "1", "--samples", "4", "--length", "16", "--steps", "2"]
    judge = ["--judge", workplace / "autoregressive.pt", "--model", model]

    def sweep():
        printed = run_python(kit, "-m", "fewstep_train", "sweep", *judge, *common, "--out", out)
        return "was there" in printed, len(list((cache / "samples").iterdir()))

    assert sweep() == (False, 1)
    assert sweep() == (True, 1)
    change(kit, "evaluation/measures/metrics.py", "np.log2", "np.log")
    assert sweep() == (False, 1), "the same samples, judged anew"
    change(kit, "evaluation/systems/step_graph_system.py", "np.cumsum(sizes)", "np.cumsum(sizes[::-1])")
    assert sweep() == (False, 2), "samples written anew"


def test_a_corpus_is_encoded_anew_when_its_content_changes(tmp_path):
    tokenizer, corpus = Tokenizer.from_str(tiny_tokenizer()), tmp_path / "corpus.txt"
    corpus.write_text("the fox said good day")
    first = encode_corpus([corpus], tokenizer, tmp_path / "cache").tolist()
    corpus.write_text("the wind did not know")  # as many bytes
    second = encode_corpus([corpus], tokenizer, tmp_path / "cache").tolist()
    assert tokenizer.decode(first) == "the fox said good day"
    assert tokenizer.decode(second) == "the wind did not know"
    corpus.rename(tmp_path / "renamed.txt")
    encode_corpus([tmp_path / "renamed.txt"], tokenizer, tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2
