import pytest
from pydantic import ValidationError

from ccnlp.augmentation.parameters import Band


def filters(**by_language):
    return {"novelty": {"default": {"at_least": 0.1}, "by_language": by_language}}


@pytest.mark.parametrize(
    "values",
    [
        {"share_by_language": {"spa": 0.5}},
        {"polarity_cues": {"spa": ["no"]}},
        {"filters": filters(spa={"at_least": 0.2})},
        {"routes": {"spa": [["en"]]}},
        {"routes": {"en": [["spa"]]}},
    ],
)
def test_language_that_is_no_tag_is_refused_with_the_near_one(make_parameters, values):
    with pytest.raises(ValidationError, match="'spa' is not a BCP-47 tag; did you mean 'es'\\?"):
        make_parameters(**values)


def test_languages_are_in_their_canonical_form(make_parameters):
    assert make_parameters(share_by_language={"pt_br": 0.5}).share_by_language == {"pt-BR": 0.5}


def test_norwegian_without_quotes_is_told(make_parameters):
    with pytest.raises(ValidationError, match="YAML reads no as a truth value; put the tag in"):
        make_parameters(share_by_language={False: 0.5})


def test_number_in_place_of_a_language_is_refused(make_parameters):
    with pytest.raises(ValidationError, match="1 is not a BCP-47 tag"):
        make_parameters(share_by_language={1: 0.5})


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_share_by_language_is_a_share(make_parameters, share):
    with pytest.raises(ValidationError, match=r"share_by_language\.es\s+Input should be"):
        make_parameters(share_by_language={"es": share})


def test_band_whose_ends_are_swapped_is_refused():
    with pytest.raises(ValidationError, match=r"at_least 0\.5 is above at_most 0\.1"):
        Band(at_least=0.5, at_most=0.1)


def test_band_without_an_end_is_refused():
    with pytest.raises(ValidationError, match="a band needs at_least, at_most, or both"):
        Band()


def test_band_of_one_score_is_one():
    assert Band(at_least=1, at_most=1).at_most == 1


def test_filter_that_is_null_is_removed(make_parameters):
    assert list(make_parameters(filters={**filters(), "meaning": None}).filters) == ["novelty"]
