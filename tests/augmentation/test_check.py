import pytest
import yaml

from ccnlp.augmentation.check import check_translator, main
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


def test_command_says_why_not(tmp_path, make_parameters, capsys):
    path = tmp_path / "augmentation.yml"
    content = make_parameters(routes={"is": [["mk"]]}).model_dump(mode="json")
    path.write_text(yaml.safe_dump({"augmentation": content}))
    assert main(path) == 1
    assert "apt-get install" in capsys.readouterr().err
    path.write_text(yaml.safe_dump({"augmentation": {**content, "is_enabled": False}}))
    assert main(path) == 0
