"""The committed weights load into the network, know English better than chance, and survive being exported again."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from fixtures import FIXTURES
from golden import open_session, step_inputs
from tokenizers import Tokenizer

from fewstep_train.__main__ import main
from fewstep_train.folder.exported import load_exported
from fewstep_train.folder.graph_metadata import GRAPH_KEYS
from fewstep_train.folder.model_folder import graph_version
from fewstep_train.graphs.step_graph import GRAPH_VERSION
from fewstep_train.networks.network import Network

MODEL = Path(__file__).parents[2] / "models" / "fewstep-stories"


def test_training_can_go_on_from_the_committed_weights():
    config, weights, facts = load_exported(MODEL)
    network = Network(config)
    missing, surplus = network.load_state_dict(weights, strict=False)
    assert missing == ["rotary_emb.inv_freq"]
    assert surplus == []
    assert facts["exponent"] == 1.0
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    ids = torch.tensor([tokenizer.encode("Once upon a time there was a little girl who lived").ids])
    hidden = ids.clone()
    hidden[0, 3] = config.mask_token_id
    t = torch.tensor([0.9])
    with torch.no_grad():
        probabilities = network(hidden, t, torch.tensor([1 / 1024])).softmax(-1)
    assert tokenizer.decode([int(ids[0, 3])]).strip() == "time"
    assert probabilities[0, 3, ids[0, 3]] > 0.1


def test_exporting_a_model_again_keeps_its_weights_history_and_card(tmp_path):
    again = tmp_path / MODEL.name
    main(["export", "--model", str(MODEL), "--int8", "--out", str(again)])
    assert (again / "MODEL_CARD.md").read_text() == (MODEL / "MODEL_CARD.md").read_text()
    (_, weights, manifest), (_, old_weights, old_manifest) = load_exported(again), load_exported(MODEL)
    assert manifest["graph"].pop("version") == GRAPH_VERSION
    del old_manifest["graph"]["version"]
    assert {**manifest, "files": None} == {**old_manifest, "files": None}
    assert weights.keys() == old_weights.keys()
    assert all(torch.equal(weights[name], old_weights[name]) for name in weights)


@pytest.mark.parametrize("name", ["tiny-text", "tiny-llada", "tiny-dream", "tiny-mask", "tiny-uniform"])
def test_a_graph_says_what_it_is(name):
    manifest = json.loads((FIXTURES / name / "manifest.json").read_text())
    said = {p.key: json.loads(p.value) for p in onnx.load(FIXTURES / name / "step.onnx").metadata_props}
    version = graph_version(manifest["algorithm"])
    expected = {key: manifest[key] for key in GRAPH_KEYS} | {"compute": "float32", "graph.version": version}
    if manifest["tokenizer"]:
        expected["tokenizer_sha256"] = hashlib.sha256((FIXTURES / name / "tokenizer.json").read_bytes()).hexdigest()
    assert said == {f"fewstep.{key}": value for key, value in expected.items()}


def test_what_the_service_would_refuse_is_not_exported(tmp_path):
    def export(out, *defaults):
        main(["export", "--model", str(FIXTURES / "tiny-text"), "--out", str(tmp_path / out), "--defaults", *defaults])

    for default in ("steps=1025", "steps=0", "temperature=2.5", "top_k=-1", "top_p=0", "solver=heun", "jumps=far"):
        with pytest.raises(SystemExit, match=f"^defaults: {default.partition('=')[0]} is "):
            export("model", default)
    with pytest.raises(SystemExit, match="jumps can be spread only where the solver is cumulative"):
        export("model", "jumps=spread", "solver=euler")
    with pytest.raises(SystemExit, match=r"\\x1b\[2J' names the model"):
        export("model\x1b[2J", "steps=8")
    assert list(tmp_path.iterdir()) == []


def test_eight_bit_products_come_as_a_second_graph_and_leave_when_not_asked_for(tmp_path):
    origin, folder = FIXTURES / "tiny-text", tmp_path / "tiny-text"
    main(["export", "--model", str(origin), "--int8", "--out", str(folder)])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["graph"]["int8_file"] in manifest["files"]
    graphs = [onnx.load(folder / manifest["graph"][key]) for key in ("file", "int8_file")]
    said = [{p.key: p.value for p in graph.metadata_props} for graph in graphs]
    assert [each.pop("fewstep.compute") for each in said] == ['"float32"', '"int8"']
    assert said[0] == said[1]
    tokens = np.arange(32)[None] + 256
    confidence, rounded = (
        open_session(graph).run(["confidence"], step_inputs(tokens, 0.5, 0.1))[0] for graph in graphs
    )
    assert 0 < np.abs(confidence - rounded).max() < 0.1
    main(["export", "--model", str(folder), "--out", str(folder)])
    assert not (folder / manifest["graph"]["int8_file"]).exists()
