"""Round trips with a mark in front."""

import copy

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from ccnlp.errors import ConfigurationError
from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import check_tag, check_tag_is_text, note_tag, tag_round_trips

EXAMPLES = pd.DataFrame(
    {
        "text": ["bom dia", "bons dias", "hallo"],
        "origin": ["native", "back_translation", "machine_translation"],
    }
)


@pytest.mark.parametrize("dtype", ["object", "string"])
def test_round_trips_alone_are_tagged(dtype):
    examples = EXAMPLES.astype({"text": dtype, "origin": "category"})

    tagged = tag_round_trips(examples, tag="<bt>")

    assert tagged["text"].tolist() == ["bom dia", "<bt> bons dias", "hallo"]
    assert examples["text"].tolist() == EXAMPLES["text"].tolist()
    assert tagged["text"].dtype == examples["text"].dtype


@pytest.mark.parametrize(
    ("examples", "tag"), [(EXAMPLES, None), (EXAMPLES[:1], "<bt>"), (EXAMPLES[:0], "<bt>")]
)
def test_nothing_to_tag_is_the_same_table(examples, tag):
    assert tag_round_trips(examples, tag=tag) is examples


@pytest.mark.parametrize("tag", ["\u200b", "<bt>\u202e", "a\nb", "\x00"])
def test_a_tag_that_can_not_be_seen_is_refused(tag):
    with pytest.raises(ValidationError, match="invisible characters or line breaks"):
        TokenisationParameters(max_length_tokens=32, round_trip_tag=tag, character_noise=0)


def test_a_tag_without_a_character_is_none_and_is_refused():
    with pytest.raises(ValidationError, match="round_trip_tag"):
        TokenisationParameters(max_length_tokens=32, round_trip_tag="  ", character_noise=0)


@pytest.mark.parametrize("tag", ["</s>", "<pad>", "<mask>", "<unk>"])
def test_a_tag_that_is_a_special_token_is_refused(tiny_encoder, tag):
    message = (
        rf"augmentation_study\.round_trip_tag is {tag}, a special token of the encoder's tokenizer"
        r", but .* name another, such as <bt> \(parameters/augmentation_study\.yml\)"
    )
    tokenizer = tiny_encoder.load_tokenizer()
    with pytest.raises(ConfigurationError, match=message):
        check_tag_is_text(tag, tokenizer, parameter="augmentation_study.round_trip_tag")


@pytest.mark.parametrize("tag", [None, "<bt>", "<culture:MX>", "good"])
def test_a_tag_that_is_no_special_token_serves(tiny_encoder, tag):
    check_tag_is_text(tag, tiny_encoder.load_tokenizer(), parameter="tokenisation.round_trip_tag")


def test_a_tag_that_is_the_token_of_a_culture_is_refused_where_the_tokenizer_knows_it(tiny_encoder):
    tokenizer = copy.deepcopy(tiny_encoder.load_tokenizer())
    tokenizer.add_tokens(["<culture:MX>"], special_tokens=True)
    with pytest.raises(ConfigurationError, match="is <culture:MX>, a special token"):
        check_tag_is_text("<culture:MX>", tokenizer, parameter="tokenisation.round_trip_tag")


def features_of(*origins, tag):
    table = pa.table({"origin": pa.array(origins, pa.string()).dictionary_encode()})
    return note_tag({"t": table.replace_schema_metadata({b"own": b"note"})}, tag=tag)


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        (None, "<bt>", "without a tag, and tokenisation.round_trip_tag is <bt> now"),
        ("<bt>", None, "with the tag <bt>, and tokenisation.round_trip_tag is null now"),
        ("<bt>", "<rt>", "with the tag <bt>, and tokenisation.round_trip_tag is <rt> now"),
    ],
)
def test_round_trips_of_another_tag_are_to_be_tokenised_again(was, now, message):
    features = features_of("native", "back_translation", tag=was)
    with pytest.raises(ConfigurationError, match=f"^task 't': .* {message} .*; tokenise again: ke"):
        check_tag(features, tag=now)
    check_tag(features, tag=was)
    assert features["t"].schema.metadata[b"own"] == b"note"


def test_without_round_trips_no_tag_matters():
    check_tag(features_of("native", tag=None), tag="<bt>")
    check_tag(features_of(tag="<bt>"), tag=None)
