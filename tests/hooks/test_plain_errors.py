import errno

import pytest
from kedro.config import OmegaConfigLoader
from yaml import YAMLError

from ccnlp.errors import ConfigurationError
from ccnlp.hooks.plain_errors import show_plainly


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.delenv("CCNLP_TRACEBACKS", raising=False)
    return []


def show(error, shown):
    show_plainly(lambda kind, error, trace: shown.append(error))(type(error), error, None)


def test_error_that_a_user_can_mend_is_told_without_traceback(shown, capsys):
    show(ConfigurationError("mend [this]"), shown)
    assert capsys.readouterr().err == "Error: mend [this]\n"
    assert shown == []


def test_such_an_error_inside_another_is_told(shown, capsys):
    error = RuntimeError("node failed")
    error.__cause__ = ConfigurationError("mend this")
    show(error, shown)
    assert capsys.readouterr().err == "Error: mend this\n"


def test_misspelt_parameters_are_told_plainly(shown, capsys):
    from kedro.validation.exceptions import ParameterValidationError

    show(ParameterValidationError("Parameter 'training': x"), shown)
    assert "Parameter 'training'" in capsys.readouterr().err


def test_wrong_configuration_is_told_without_traceback(shown, capsys, tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "parameters.yml").write_text("a: [")
    loader = OmegaConfigLoader(str(tmp_path), env="base", base_env="base")
    with pytest.raises(YAMLError) as caught:
        loader["parameters"]
    show(caught.value, shown)
    assert "parameters.yml, line 1, column 5: expected the node content" in capsys.readouterr().err
    assert shown == []


def test_mendable_error_inside_a_dataset_s_goes_first(shown, capsys):
    from kedro.io import DatasetError

    error = DatasetError("Failed while saving data to dataset x")
    error.__cause__ = ConfigurationError("mend this")
    show(error, shown)
    assert capsys.readouterr().err == "Error: mend this\n"


def test_other_errors_keep_their_traceback(shown):
    error = KeyError("a defect")
    show(error, shown)
    assert shown == [error]


def test_variable_shows_every_traceback(shown, monkeypatch):
    monkeypatch.setenv("CCNLP_TRACEBACKS", "1")
    error = ConfigurationError("mend this")
    show(error, shown)
    assert shown == [error]


def test_full_disk_is_told_wherever_it_comes_from(shown, capsys):
    from kedro.io import DatasetError

    error = DatasetError("Failed while saving data to dataset x")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device", "data/x.csv")
    show(error, shown)
    assert capsys.readouterr().err == (
        "Error: no space is left on the disk for data/x.csv; make room and run again\n"
    )
