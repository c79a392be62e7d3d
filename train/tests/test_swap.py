"""An export that is killed, at whatever moment, leaves a whole model, and the next one is not in its way."""

import json
import os
import signal
import sys
from dataclasses import replace
from functools import partial

import pytest
from fixtures import write_text_model

import fewstep_train.folder.swap
from fewstep_train.folder.exported import read_exported
from fewstep_train.folder.model_folder import file_facts, write_model
from fewstep_train.folder.swap import exchange
from fewstep_train.training.model_parts import parts_of_model

FILE_OPERATIONS = ("open", "os.", "shutil.")


def killed_at(moment, work):
    """Do `work` in a child that is killed before its file operation number `moment`; False where it has no so many."""
    child = os.fork()
    if child == 0:
        operations = 0

        def kill(event, _arguments):
            nonlocal operations
            operations += event.startswith(FILE_OPERATIONS)
            if operations == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(kill)
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it fails of itself"
    return os.WIFSIGNALED(status)


def temperature_of(folder):
    """Of the model that lies there, which is whole."""
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {name: file_facts(folder / name) for name in manifest["files"]} == manifest["files"]
    assert read_exported(folder).weights
    assert (folder / "EVALUATION.md").read_text() == "kept", "what else lay there"
    assert (folder / "notes" / "one.txt").read_text() == "kept, too"
    return manifest["defaults"]["temperature"]


def can_exchange(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    return exchange(folder / "a", folder / "b")


@pytest.mark.parametrize("exchanging", [True, False])
def test_a_killed_export_leaves_a_whole_model(exchanging, tmp_path, monkeypatch):
    if not exchanging:
        monkeypatch.setattr(fewstep_train.folder.swap, "exchange", lambda *_: False)
    always_there = exchanging and can_exchange(tmp_path)
    place = tmp_path / "models"
    folder = place / "tiny-text"
    write_text_model(folder)
    (folder / "EVALUATION.md").write_text("kept")
    (folder / "notes").mkdir()
    (folder / "notes" / "one.txt").write_text("kept, too")
    parts = parts_of_model(folder)

    def export(temperature):
        write_model(folder, replace(parts, defaults={"temperature": temperature}))

    moment, seen = 1, set()
    while killed_at(moment, partial(export, 1 + moment / 100_000)):
        if always_there or folder.exists():
            seen.add("new" if temperature_of(folder) == 1 + moment / 100_000 else "old")
        moment += 1
    assert seen == {"old", "new"}, "killed before and after the new model took the old one's place"
    assert temperature_of(folder) == 1 + moment / 100_000, "the last one got to its end"
    assert os.listdir(place) == ["tiny-text"], "nothing is left lying about"


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path):
    write_text_model(tmp_path / "disk" / "run-7")
    link = tmp_path / "mine"
    link.symlink_to(tmp_path / "disk" / "run-7")
    manifest = write_model(link, replace(parts_of_model(link), defaults={"temperature": 0.5}))
    assert link.is_symlink() and manifest["name"] == "mine"
    assert json.loads((tmp_path / "disk" / "run-7" / "manifest.json").read_text()) == manifest


def test_a_file_is_not_taken_for_a_folder(tmp_path):
    write_text_model(tmp_path / "model")
    (tmp_path / "file").write_text("something")
    with pytest.raises(SystemExit, match="a file, where a folder"):
        write_model(tmp_path / "file", parts_of_model(tmp_path / "model"))
