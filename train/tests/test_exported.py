"""The committed weights load into the network and know English better than chance."""

from pathlib import Path

import torch
from tokenizers import Tokenizer

from fewstep_train.exported import load_exported
from fewstep_train.network import Network

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
