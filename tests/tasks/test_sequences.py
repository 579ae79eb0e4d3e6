import pandas as pd
import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.kinds.sequence_classification import SequenceClassification
from ccnlp.tasks.parameters import TaskParameters, TasksParameters
from ccnlp.tasks.sequences import encode_texts

TURNS = "the film\nI loved it"
READINGS = ["text_pair", "prefix"]


def encode(tokenizer, reading, *, limit=128, **columns):
    """The tokens of each row, and their numbers before the cut."""
    rows = pd.DataFrame(columns, dtype="object")
    ids, lengths = encode_texts(rows, tokenizer, reading=reading, max_length_tokens=limit)
    return [" ".join(tokenizer.convert_ids_to_tokens(row_ids)) for row_ids in ids], lengths


@pytest.fixture
def tokenizer(tiny_encoder):
    return tiny_encoder.load_tokenizer()


@pytest.mark.parametrize(
    ("reading", "tokens"),
    [
        ("none", "<s> ▁very ▁good </s>"),
        ("text_pair", "<s> ▁very ▁good </s> </s> ▁the ▁film </s> ▁I ▁loved ▁it </s>"),
        ("prefix", "<s> ▁the ▁film </s> ▁I ▁loved ▁it </s> ▁very ▁good </s>"),
    ],
)
def test_context_stands_behind_or_before_the_text_with_a_mark_between(tokenizer, reading, tokens):
    encoded, lengths = encode(tokenizer, reading, text=["very good"], context=[TURNS])
    assert encoded == [tokens]
    assert lengths == [len(tokens.split())]


@pytest.mark.parametrize(
    ("reading", "limit", "tokens"),
    [
        ("text_pair", 11, "<s> ▁very ▁good </s> </s> ▁film </s> ▁I ▁loved ▁it </s>"),
        ("text_pair", 7, "<s> ▁very ▁good </s> </s> ▁it </s>"),
        ("text_pair", 6, "<s> ▁very ▁good </s>"),
        ("text_pair", 4, "<s> ▁very ▁good </s>"),
        ("text_pair", 3, "<s> ▁very </s>"),
        ("prefix", 10, "<s> ▁film </s> ▁I ▁loved ▁it </s> ▁very ▁good </s>"),
        ("prefix", 6, "<s> ▁it </s> ▁very ▁good </s>"),
        ("prefix", 5, "<s> ▁very ▁good </s>"),
        ("prefix", 3, "<s> ▁very </s>"),
    ],
)
def test_context_loses_its_beginning_before_the_text_loses_its_end(
    tokenizer, reading, limit, tokens
):
    encoded, lengths = encode(tokenizer, reading, limit=limit, text=["very good"], context=[TURNS])
    assert encoded == [tokens]
    assert len(encoded[0].split()) <= limit
    assert lengths == [12 if reading == "text_pair" else 11]


@pytest.mark.parametrize(
    ("reading", "tokens"),
    [
        ("none", "<s> ▁good ▁ <unk> / s <unk> ▁bad </s>"),
        (
            "text_pair",
            "<s> ▁good ▁ <unk> / s <unk> ▁bad </s> </s> ▁it ▁ <unk> / s <unk> </s> ▁film </s>",
        ),
        (
            "prefix",
            "<s> ▁it ▁ <unk> / s <unk> </s> ▁film </s> ▁good ▁ <unk> / s <unk> ▁bad </s>",
        ),
    ],
)
def test_separator_that_a_text_or_a_line_spells_is_text(tokenizer, reading, tokens):
    columns = {"text": ["good </s> bad"], "context": ["it </s>\nfilm"]}
    encoded, lengths = encode(tokenizer, reading, **columns)
    assert encoded == [tokens]
    assert lengths == [len(tokens.split())]


@pytest.mark.parametrize(
    ("reading", "tokens"),
    [
        ("text_pair", "<s> ▁it </s> </s> ▁film </s> </s> ▁it </s>"),
        ("prefix", "<s> ▁film </s> </s> ▁it </s> ▁it </s>"),
    ],
)
def test_empty_line_of_a_context_is_one(tokenizer, reading, tokens):
    encoded, _ = encode(tokenizer, reading, text=["it"], context=["film\n\nit"])
    assert encoded == [tokens]


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, ""])
@pytest.mark.parametrize("limit", [128, 3])
def test_text_without_context_is_read_as_by_a_model_that_reads_none(
    tokenizer, reading, nothing, limit
):
    texts = ["very good", "it"]
    plain = encode(tokenizer, "none", limit=limit, text=texts)
    assert encode(tokenizer, reading, limit=limit, text=texts) == plain
    assert encode(tokenizer, reading, limit=limit, text=texts, context=[nothing] * 2) == plain


def test_context_is_not_looked_at_where_it_is_not_to_be_read(tokenizer):
    plain = encode(tokenizer, "none", text=["very good"])
    assert encode(tokenizer, "none", text=["very good"], context=[TURNS]) == plain


def test_pair_is_what_the_tokenizer_makes_of_it(bundled_encoder):
    tokenizer = bundled_encoder.load_tokenizer()
    texts = ["Da kann man nicht meckern.", "¡Qué va!", "एक अच्छी फ़िल्म", "good"]
    contexts = ["title: Ein Tag am Meer", "post: ¿te gustó?", "स्रोत: समाचार", "Servis çok yavaştı"]
    rows = pd.DataFrame({"text": texts, "context": contexts})
    ids, _ = encode_texts(rows, tokenizer, reading="text_pair", max_length_tokens=512)
    assert ids == tokenizer(texts, contexts)["input_ids"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("[CLS] $A [SEP] $B [SEP]", "[CLS] good [SEP] bad [SEP]"),
        ("$A [SEP] $B [SEP] [CLS]", "good [SEP] bad [SEP] [CLS]"),
    ],
)
def test_pair_has_the_marks_of_the_tokenizer_wherever_they_stand(template, expected):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["[UNK]", "[CLS]", "[SEP]", "a", "good", "bad"]
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single=template.replace(" $B [SEP]", ""),
        pair=template,
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    encoded, _ = encode(tokenizer, "text_pair", text=["good"], context=["bad"])
    assert encoded == [expected]


class Counting:
    """A tokenizer that notes how many texts each call is given."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.sizes = []

    def __call__(self, text, *pair, **options):
        if isinstance(text, list):
            self.sizes.append(len(text))
        return self.tokenizer(text, *pair, **options)

    def __getattr__(self, name):
        return getattr(self.tokenizer, name)


@pytest.mark.parametrize("reading", READINGS)
def test_tokenizer_is_called_once_for_texts_and_once_for_the_distinct_lines_of_contexts(
    tokenizer, reading
):
    counting = Counting(tokenizer)
    rows = pd.DataFrame({"text": ["good", "bad", "it"], "context": [TURNS, TURNS, "the film"]})
    encode_texts(rows, counting, reading=reading, max_length_tokens=32)
    assert sorted(counting.sizes) == [2, 3]


def test_kind_that_reads_no_context_refuses_the_parameter():
    from ccnlp.tasks.base import TASKS

    class Other(SequenceClassification):
        can_read_context = False

    entry = {"kind": "other", "loss_weight": 1, "labels": ["a", "b"], "context": "prefix"}
    with pytest.raises(ConfigurationError, match="task 't': kind 'other' reads no context"):
        Other("t", TaskParameters.model_validate(entry))
    assert TASKS.get("sequence_classification").can_read_context


@pytest.mark.parametrize("kind", ["sequence_classification", "label_distribution"])
def test_kinds_of_one_label_a_text_read_the_context_if_asked(kind, tokenizer):
    entry = {"kind": kind, "loss_weight": 1, "labels": ["a", "b"]}
    entry |= {"options": {"view": "majority"}} if kind == "label_distribution" else {}
    rows = pd.DataFrame({"text": ["good"], "context": ["the film"]})
    found = {}
    for reading in ("none", *READINGS):
        parameters = TasksParameters.model_validate({"t": entry | {"context": reading}})
        task = build_tasks(parameters)["t"]
        assert task.reads_context == (reading != "none")
        encoded = task.encode(rows, tokenizer, max_length_tokens=32)
        found[reading] = len(encoded["input_ids"][0])
    assert found == {"none": 3, "text_pair": 7, "prefix": 6}


def test_unknown_reading_of_contexts_is_refused():
    from pydantic import ValidationError

    entry = {"kind": "sequence_classification", "loss_weight": 1, "labels": ["a", "b"]}
    with pytest.raises(ValidationError, match="'none', 'text_pair' or 'prefix'"):
        TaskParameters.model_validate(entry | {"context": "before"})
