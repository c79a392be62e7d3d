"""What several test files share: one thread, and the models and text that the evaluation is tried on."""

import pytest
import torch
from fixtures import JUDGE_SHAPE, SENTENCES, tiny_tokenizer, write_text_model
from tokenizers import Tokenizer

from fewstep_train.kinds import AUTOREGRESSIVE, DREAM, LLADA
from fewstep_train.masked.llada import llada_config
from fewstep_train.networks.transformer import Transformer, TransformerConfig
from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.checkpoint import save_checkpoint

torch.set_num_threads(1)  # tensors are tiny: threads would only wait for each other


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A few-step model, a checkpoint of every relative, and text."""
    folder = tmp_path_factory.mktemp("evaluation")
    write_text_model(folder / "tiny-text")
    (folder / "text.txt").write_text(f"\n{END_OF_TEXT}\n".join(" ".join(SENTENCES) for _ in range(40)))
    tokenizer = tiny_tokenizer()
    shape = TransformerConfig(**JUDGE_SHAPE, vocab_size=Tokenizer.from_str(tokenizer).get_vocab_size())
    torch.manual_seed(0)
    for kind, config in ((AUTOREGRESSIVE, shape), (LLADA, llada_config(shape)), (DREAM, llada_config(shape))):
        weights = Transformer(config).state_dict()
        checkpoint = {"kind": kind, "config": config.to_dict(), "ema": weights, "tokenizer": tokenizer}
        save_checkpoint(folder / f"{kind}.pt", checkpoint)
    return folder
