"""Texts that spell the special tokens of their tokenizer, in tokenizers of several kinds."""

import copy

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from ccnlp.tasks.frames import Frame
from ccnlp.tasks.plain_text import mark_ids, text_ids
from ccnlp.tasks.sequences import encode_alone

MARKS = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
WORDS = [*MARKS.values(), "good", "bad", "[", "]", "sep", "pad", "cls", "##s", "s", "##e", "e"]


def framed(backend) -> PreTrainedTokenizerFast:
    """A tokenizer that frames texts as BERT's does."""
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, **MARKS)


@pytest.fixture
def bert() -> PreTrainedTokenizerFast:
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return framed(backend)


@pytest.fixture
def by_words() -> PreTrainedTokenizerFast:
    """A tokenizer that finds a mark as it finds a word."""
    backend = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return framed(backend)


@pytest.fixture(params=["unigram", "bert", "by_words"])
def tokenizer(request, tiny_encoder) -> PreTrainedTokenizerFast:
    if request.param == "unigram":
        return copy.deepcopy(tiny_encoder.load_tokenizer())
    return request.getfixturevalue(request.param)


def test_text_that_spells_a_mark_holds_none(tokenizer):
    tokenizer.add_tokens(["<culture:MX>"], special_tokens=True)
    marks = mark_ids(tokenizer)
    spelled = [tokenizer.convert_ids_to_tokens(mark) for mark in marks]
    assert {tokenizer.sep_token, tokenizer.pad_token, "<culture:MX>"} <= set(spelled)

    for text in (form for m in spelled for form in (m, f"good {m} bad", f"good{m}bad", f"{m}{m}")):
        assert marks.isdisjoint(text_ids([text], tokenizer)[0]), text


@pytest.mark.parametrize(
    ("kind", "text", "tokens"),
    [
        ("bert", "good [SEP] bad", "good [ sep ] bad"),
        ("bert", "good[PAD]", "good [ pad ]"),
        ("by_words", "good [SEP] bad", "good [ [UNK] [UNK] [UNK] ] bad"),
    ],
)
def test_mark_in_a_text_is_read_by_its_characters(request, kind, text, tokens):
    tokenizer = request.getfixturevalue(kind)
    assert tokenizer.convert_ids_to_tokens(text_ids([text], tokenizer)[0]) == tokens.split()


@pytest.mark.parametrize(
    "text", ["＜/s＞ good", "<\u0001/s> good", "</ｓ> good", "</s> good", "<\u00ad/s> good"]
)
def test_mark_in_other_characters_of_one_form_is_no_mark_either(tiny_encoder, text):
    tokenizer = tiny_encoder.load_tokenizer()
    assert mark_ids(tokenizer).isdisjoint(text_ids([text], tokenizer)[0])


def test_text_without_a_mark_is_read_as_ever(tokenizer):
    texts = ["good bad", "", "  good", "[ good ]", "zürich 好", "</ s>", "a<b>c"]
    plain = tokenizer(texts, add_special_tokens=False)["input_ids"]
    assert text_ids(texts, tokenizer) == plain
    assert encode_alone(texts, tokenizer, max_length_tokens=64)[0] == tokenizer(texts)["input_ids"]


def test_no_texts_have_no_ids(tokenizer):
    assert text_ids([], tokenizer) == []


def test_marks_that_the_embedded_encoder_spells_are_text(bundled_encoder):
    tokenizer = bundled_encoder.load_tokenizer()
    texts = ["good </s> bad", "a</s>b", "＜pad＞", "x <mask> y"]
    found = [" ".join(tokenizer.convert_ids_to_tokens(ids)) for ids in text_ids(texts, tokenizer)]
    assert found == [
        "▁good ▁ < / s > ▁bad",
        "▁a < / s > b",
        "▁ < p a d >",
        "▁x ▁ < m a s k > ▁y",
    ]


def test_unknown_token_is_no_mark(tokenizer):
    assert tokenizer.unk_token_id not in mark_ids(tokenizer)
    assert tokenizer.unk_token_id in text_ids(["☃"], tokenizer)[0]


def test_mark_of_one_character_stays_the_text_that_it_is(by_words):
    by_words.pad_token = "s"  # as of tokenizers that pad with a character of texts
    assert text_ids(["good s"], by_words) == [by_words.convert_tokens_to_ids(["good", "s"])]


@pytest.mark.parametrize("limit", [3, 4, 64])
def test_text_is_cut_between_all_marks_of_its_frame(by_words, limit):
    by_words.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="$A [SEP] [CLS]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    ids, lengths = encode_alone(["good bad good"], by_words, max_length_tokens=limit)
    token_ids = by_words.convert_tokens_to_ids(["good", "bad", "good"][: limit - 2])
    assert ids == [[*token_ids, 3, 2]]
    assert lengths == [5]


def test_framing_leaves_the_switch_of_the_tokenizer_as_reading_set_it(tiny_encoder):
    tokenizer = tiny_encoder.load_tokenizer()
    text_ids(["good"], tokenizer)
    assert tokenizer.backend_tokenizer.encode_special_tokens
    Frame.of_text(tokenizer)
    assert tokenizer.backend_tokenizer.encode_special_tokens
