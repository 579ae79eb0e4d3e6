import pytest

from ccnlp.augmentation.check import check_translator
from ccnlp.errors import ConfigurationError, TranslationError


def test_the_projects_own_routes_can_be_translated(apertium, make_parameters):
    check_translator(make_parameters())


def test_a_missing_pair_names_both_ways_on(make_parameters):
    parameters = make_parameters(routes={"is": [["mk"]]})
    with pytest.raises(TranslationError) as caught:
        check_translator(parameters)
    assert "can't translate is>mk, mk>is; install it: sudo apt-get install apertium" in str(
        caught.value
    )
    assert "kedro run --params augmentation.is_enabled=false" in str(caught.value)


def test_nothing_is_checked_where_augmentation_is_off(make_parameters):
    check_translator(make_parameters(is_enabled=False, routes={"is": [["mk"]]}))


def test_an_unknown_engine_is_named(make_parameters):
    parameters = make_parameters(translator={"name": "apertiun", "timeout_seconds": 1})
    with pytest.raises(ConfigurationError, match="did you mean 'apertium'"):
        check_translator(parameters)
