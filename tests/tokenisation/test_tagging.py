"""Round trips with a mark in front."""

import pandas as pd
import pytest
from pydantic import ValidationError

from ccnlp.tokenisation.parameters import TokenisationParameters
from ccnlp.tokenisation.tagging import tag_round_trips

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
        TokenisationParameters(max_length_tokens=32, round_trip_tag=tag)


def test_a_tag_without_a_character_is_none_and_is_refused():
    with pytest.raises(ValidationError, match="round_trip_tag"):
        TokenisationParameters(max_length_tokens=32, round_trip_tag="  ")
