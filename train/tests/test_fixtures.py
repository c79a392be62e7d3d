"""The committed models of the service's tests are what this kit exports today."""

import json

import onnx
from fixtures import FIXTURES, write_all


def test_the_committed_fixture_models_are_fresh(tmp_path):
    write_all(tmp_path)
    names = {"tiny-text", "tiny-llada", "tiny-dream", "tiny-half", "tiny-mask", "tiny-uniform", "tiny-faulty"}
    assert {folder.name for folder in tmp_path.iterdir()} == names
    for name in names:
        fresh, committed = tmp_path / name, FIXTURES / name
        manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (fresh, committed)]
        for manifest in manifests:  # the bytes of a graph depend on protobuf's version, its content does not
            del manifest["files"]
        assert manifests[0] == manifests[1], "run python train/tests/fixtures.py"
        for file in committed.glob("*.onnx"):
            assert onnx.load(fresh / file.name) == onnx.load(file), "run python train/tests/fixtures.py"
