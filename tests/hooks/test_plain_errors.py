import errno
import sqlite3

import pytest
import sqlalchemy
from kedro.config import OmegaConfigLoader
from safetensors import SafetensorError
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


def test_full_disk_of_a_copy_names_where_it_goes(shown, capsys):
    show(OSError(errno.ENOSPC, "No space left on device", "from.csv", None, "to.csv"), shown)
    assert "the disk for to.csv;" in capsys.readouterr().err


def test_full_disk_goes_before_the_error_during_which_it_came(shown, capsys):
    error = OSError(errno.ENOSPC, "No space left on device")
    error.__context__ = ConfigurationError("the first source does not serve")
    show(error, shown)
    assert "no space is left on the disk" in capsys.readouterr().err


LIBRARIES = [
    SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    Exception("No space left on device (os error 28)"),  # tokenizers
    sqlite3.OperationalError("database or disk is full"),
    sqlalchemy.exc.OperationalError(
        "insert into t values(?)", (), sqlite3.OperationalError("database or disk is full")
    ),
    RuntimeError("write(): fd 3 failed with No space left on device"),  # torch
    OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device"),
    OSError(errno.EDQUOT, "Disk quota exceeded"),
    SafetensorError("Error while serializing: I/O error: Disk quota exceeded (os error 122)"),
]


@pytest.mark.parametrize("error", LIBRARIES, ids=lambda error: type(error).__name__)
def test_full_disk_is_told_for_what_each_library_raises(error, shown, capsys):
    show(error, shown)
    assert capsys.readouterr().err == (
        "Error: no space is left on the disk; make room and run again\n"
    )


CUT_SHORT = [
    "[enforce fail at inline_container.cc:672] . unexpected pos 576 vs 534",
    "[enforce fail at inline_container.cc:858] . PytorchStreamWriter failed writing file "
    "data/0: file write failed",
]


@pytest.mark.parametrize(
    "error", [*map(RuntimeError, CUT_SHORT), OSError("400000 requested and 1520 written")]
)
def test_file_cut_short_points_to_the_disk(error, shown, capsys):
    show(error, shown)
    assert capsys.readouterr().err == (
        "Error: a file could not be written to its end, most likely for want of space on the "
        "disk; make room and run again\n"
    )


def test_file_cut_short_on_a_full_disk_says_so(shown, capsys):
    error = RuntimeError(CUT_SHORT[0])
    error.__context__ = OSError(errno.ENOSPC, "No space left on device")
    show(error, shown)
    assert "Error: no space is left on the disk; make" in capsys.readouterr().err


@pytest.mark.parametrize("cause", [SystemExit(143), KeyboardInterrupt(), OSError(errno.EIO, "I/O")])
def test_file_cut_short_for_another_reason_is_not_blamed_on_the_disk(cause, shown):
    error = RuntimeError(CUT_SHORT[0])
    error.__context__ = cause
    show(error, shown)
    assert shown == [error]
