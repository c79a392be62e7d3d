"""Where crops of training text begin."""

import numpy as np
from fixtures import tiny_tokenizer
from tokenizers import Tokenizer

from fewstep_train.text.crops import Crops
from fewstep_train.text.tokenizer import END_OF_TEXT


def test_a_share_of_crops_begins_a_document():
    tokenizer = Tokenizer.from_str(tiny_tokenizer())
    end = tokenizer.token_to_id(END_OF_TEXT)
    document = [*range(end + 1, end + 40), end]  # its first token tells where it begins
    tokens = np.array(document * 50, dtype=np.uint16)
    for share, least, most in [(1.0, 1.0, 1.0), (0.6, 0.55, 1.0), (0.0, 0.0, 0.7)]:
        first = Crops(tokens, tokenizer, 1, share).draw(400, 30)[:, 0]
        assert least <= (first == end + 1).float().mean() <= most, share
    assert (Crops(tokens, tokenizer, 1, 1.0).draw(400, 30)[:, 0] == end + 1).all()
