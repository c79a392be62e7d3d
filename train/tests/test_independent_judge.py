"""The independent judge reads text with its own tokenizer: what it scores, what counts as a byte, what is kept."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from fixtures import SENTENCES
from published_causals import TOKENIZER, llama, write_gguf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from fewstep_train.__main__ import main
from fewstep_train.evaluation.measures.independent_judge import BATCH_TOKENS, IndependentJudge, batches
from fewstep_train.evaluation.measures.passages import whole
from fewstep_train.evaluation.measures.tasks import make_task, passages
from fewstep_train.published.causal import Causal, for_whole_texts
from fewstep_train.published.causal_models import load_causal
from fewstep_train.text.pieces import pieces, spread
from fewstep_train.text.tokenizer import END_OF_TEXT

TEXT = " ".join(SENTENCES)
ALPHABET = [END_OF_TEXT, *sorted(pre_tokenizers.ByteLevel.alphabet())]
OURS = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(ALPHABET)}, merges=[]))  # a token a byte
OURS.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
OURS.decoder = decoders.ByteLevel()


def judge_of(network, tokenizer=TOKENIZER, cache=None, identity="someone"):
    tokenizer = for_whole_texts(Tokenizer.from_str(tokenizer.to_str()))
    return IndependentJudge(Causal("tiny", identity, network.eval(), tokenizer, separator=0), cache)


def nats_of(network, ids):
    """-ln p of ids after the separator, one pass for this text alone."""
    row = torch.tensor([[0, *ids]])
    with torch.no_grad():
        return F.cross_entropy(network(row[:, :-1])[0], row[0, 1:], reduction="none").numpy()


def test_every_token_of_a_text_is_scored_after_the_separator_and_in_any_company():
    network = llama()
    texts = [TEXT[:n] for n in (300, 40, 120, 7)]
    scores = judge_of(network).score([whole(t) for t in texts])
    for i, text in enumerate(texts):
        ids = TOKENIZER.encode(text).ids
        assert scores.nats[i] == pytest.approx(nats_of(network, ids).sum(), rel=1e-5)
        assert (scores.sizes[i], scores.tokens[i]) == (len(text), len(ids))
        share = np.unique(ids, return_counts=True)[1] / len(ids)
        assert scores.entropies[i] == pytest.approx(-(share * np.log2(share)).sum())


def test_bits_a_byte_are_of_all_texts_together_and_perplexity_is_a_mean():
    network, texts = llama(), [TEXT[:90], TEXT[100:133]]
    nats = [nats_of(network, TOKENIZER.encode(t).ids) for t in texts]
    metrics = judge_of(network).measure([whole(t) for t in texts])
    bits = sum(n.sum() for n in nats) / math.log(2)
    assert metrics["independent_bits_per_byte"].value == pytest.approx(bits / 123, rel=1e-5)
    assert metrics["independent_perplexity"].value == pytest.approx(np.mean([np.exp(n.mean()) for n in nats]), rel=1e-5)


def test_end_of_text_is_the_judges_separator_and_one_byte_and_names_of_special_tokens_are_text():
    judge = judge_of(llama())
    reading = judge.read(f"fox{END_OF_TEXT}{END_OF_TEXT}owl")
    fox, owl = (TOKENIZER.encode(word).ids for word in ("fox", "owl"))
    assert reading.tokens == [*fox, 0, 0, *owl]
    assert reading.ends[len(fox) - 1 : len(fox) + 2] == [3, 4, 5]
    assert reading.ends[-1] == 8
    other = Tokenizer.from_str(TOKENIZER.to_str())
    other.add_special_tokens(["[INST]"])
    assert len(judge_of(llama(), other).read("[INST]").tokens) > 1


def test_bytes_are_counted_not_characters():
    reading = judge_of(llama()).read("a café “here”")
    assert reading.ends[-1] == len("a café “here”".encode()) == reading.size(slice(0, len(reading.tokens)))


def test_a_continuation_is_scored_given_its_prefix_by_tokens_that_need_not_be_the_systems():
    network = llama()
    ids = OURS.encode(TEXT[:64]).ids
    assert len(ids) == 64
    task = make_task("continuation", 64)
    (passage,) = passages(torch.tensor([ids]), task, OURS)
    assert (passage.text, passage.scored, passage.made) == (TEXT[:64], (16, 64), (16, 64))
    reading = TOKENIZER.encode(TEXT[:64])
    first = next(i for i, (_, end) in enumerate(reading.offsets) if end > 16)
    begin = reading.offsets[first - 1][1]
    scores = judge_of(network).score([passage])
    assert scores.nats[0] == pytest.approx(nats_of(network, reading.ids)[first:].sum(), rel=1e-5)
    assert (scores.sizes[0], scores.tokens[0]) == (64 - begin, len(reading.ids) - first)


def test_an_infilled_text_is_scored_whole_and_its_middle_alone_has_the_entropy():
    ids = OURS.encode(TEXT[:64]).ids
    (passage,) = passages(torch.tensor([ids]), make_task("infilling", 64), OURS)
    assert (passage.scored, passage.made) == ((0, 64), (16, 48))
    judge = judge_of(llama())
    made = judge.read(passage.text).within(passage.made)
    assert 0 < made.start < made.stop < len(judge.read(passage.text).tokens)
    assert judge.score([passage]).entropies[0] < judge.score([whole(passage.text)]).entropies[0]


def test_ends_of_text_inside_a_sample_do_not_shift_what_is_scored():
    ids = [*OURS.encode(TEXT[:15]).ids, 0, *OURS.encode(TEXT[15:63]).ids]
    (passage,) = passages(torch.tensor([ids]), make_task("continuation", 64), OURS)
    assert passage.text == TEXT[:15] + END_OF_TEXT + TEXT[15:63]
    assert passage.scored == (16, 64)


def test_scores_are_kept_by_text_and_judge(tmp_path):
    texts = [whole(TEXT[:50]), whole(TEXT[50:90])]
    first = judge_of(llama(), cache=tmp_path).scores(texts)
    ignorant = llama()
    torch.nn.init.zeros_(ignorant.output.weight)
    from_disk = judge_of(ignorant, cache=tmp_path).scores(texts)
    assert from_disk.nats.tolist() == first.nats.tolist()
    anew = judge_of(ignorant, cache=tmp_path, identity="someone else").scores(texts)
    assert anew.nats.tolist() != first.nats.tolist()
    other = [texts[0], replace(texts[1], scored=(8, 40))]
    assert judge_of(ignorant, cache=tmp_path).scores(other).sizes.tolist() != first.sizes.tolist()
    assert len(list(tmp_path.iterdir())) == 3


def test_batches_hold_every_row_once_and_stay_within_their_tokens():
    lengths = [5, 700, 3, 2000, 600, 5, 400] * 3
    found = list(batches(lengths))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or len(b) * (max(lengths[i] for i in b) + 1) <= BATCH_TOKENS for b in found)
    assert any(len(b) > 3 for b in found)


def test_a_text_that_is_longer_than_the_judge_reads_is_refused():
    with pytest.raises(SystemExit, match=r"tiny reads 128 at most"):
        judge_of(llama()).score([whole(TEXT * 3)])


def test_documents_are_cut_into_pieces_of_a_size_that_begin_where_words_do():
    assert pieces("one two  three\nfour five", 5) == ["one t", "three", "four "]
    assert pieces("one two", 7) == ["one two"]
    assert pieces("short", 60) == ["short"]
    assert pieces("a \u201cword\u201d", 4) == ["a "], "no half characters"
    assert spread(list("abcdef"), 3) == ["a", "c", "e"]
    assert spread(list("ab"), 3) == ["a", "b"]


def test_the_judge_command_prints_a_row_for_each_file_with_what_the_judge_says(tmp_path, capsys):
    model = write_gguf(tmp_path / "tiny.gguf", llama())
    texts = [TEXT[:200], "Short.", TEXT[30:200]]
    (tmp_path / "stories.txt").write_text(f"\n{END_OF_TEXT}\n".join(texts))
    (tmp_path / "story.txt").write_text(texts[0])
    files = ["--text", str(tmp_path / "stories.txt"), str(tmp_path / "story.txt")]
    common = ["judge", "--judge", str(model), "--cache", str(tmp_path / "cache"), "--device", "cpu", "--threads", "1"]
    judge = IndependentJudge(load_causal(str(model)))

    def row(name, texts):
        found = judge.measure([whole(t) for t in texts])
        bits, perplexity, entropy = (found[f"independent_{m}"] for m in ("bits_per_byte", "perplexity", "entropy"))
        size = sum(map(len, texts)) / len(texts)
        values = f"{bits.value:.3f} ± {bits.error:.3f} | {perplexity.value:,.1f} ± {perplexity.error:,.1f}"
        return f"| {name} | {len(texts)} | {size:.0f} | {values} | {entropy.value:.2f} ± {entropy.error:.2f} |"

    main([*common, *files])
    printed = capsys.readouterr().out
    assert f"tiny ({judge.model.identity})" in printed
    assert printed.splitlines()[-2:] == [row("stories.txt", texts), row("story.txt", texts[:1])]
    main([*common, *files, "--bytes", "60", "--texts", "3"])
    cut = [piece for t in texts for piece in pieces(t, 60)]
    assert capsys.readouterr().out.splitlines()[-2] == row("stories.txt", spread(cut, 3))
    with pytest.raises(SystemExit, match="--bytes 0"):
        main([*common, *files, "--bytes", "0"])
