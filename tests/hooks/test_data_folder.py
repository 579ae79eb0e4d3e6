import os
from pathlib import Path

import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.hooks.data_folder import check_folder, check_free_space
from ccnlp.hooks.run_lock import LOCK_FILE, RunLock


@pytest.fixture
def data(folder_of_user, ordinary_user) -> Path:
    """A data folder of the ordinary user, in which a run has been."""
    with ordinary_user():
        for layer in ("01_raw", "02_intermediate", "06_models", "06_models/finetuned"):
            (folder_of_user / layer).mkdir()
        for file in (LOCK_FILE, "01_raw/texts.csv", "02_intermediate/translations.sqlite"):
            (folder_of_user / file).touch()
    return folder_of_user


def protect(path: Path) -> None:
    """As a run of root leaves it for others: they may read it."""
    path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.chown(path, 0, 0)


def test_folder_of_the_user_passes(data, ordinary_user):
    with ordinary_user():
        check_folder(data)
        RunLock.acquire(data).release()


@pytest.mark.parametrize(
    "path", ["", "02_intermediate", "06_models/finetuned", "02_intermediate/translations.sqlite"]
)
def test_what_belongs_to_root_is_refused(data, path, ordinary_user):
    protect(data / path)
    with (
        ordinary_user(),
        pytest.raises(
            ConfigurationError,
            match=rf"^{data / path} can't be written to \(Permission denied\); make the data "
            rf"folder yours with `sudo chown -R \$USER {data}`, or copy",
        ),
    ):
        check_folder(data)


def test_lock_file_that_belongs_to_root_is_refused(data, ordinary_user):
    protect(data / LOCK_FILE)
    with (
        ordinary_user(),
        pytest.raises(
            ConfigurationError,
            match=rf"{LOCK_FILE} can't be written to \(Permission denied\); .* -R \$USER {data}`",
        ),
    ):
        RunLock.acquire(data)


@pytest.mark.parametrize("path", ["01_raw", "01_raw/texts.csv"])
def test_raw_data_is_only_read(data, path, ordinary_user):
    protect(data / path)
    with ordinary_user():
        check_folder(data)


def test_links_and_hidden_files_may_belong_to_anyone(data, ordinary_user):
    protect(data / "01_raw")
    (data / "06_models" / "pretrained").symlink_to(data / "01_raw")
    (data / "06_models" / ".gitkeep").touch()
    protect(data / "06_models" / ".gitkeep")
    with ordinary_user():
        check_folder(data)


def test_folder_that_cannot_be_made_is_refused():
    with pytest.raises(
        ConfigurationError, match=r"/proc/ccnlp can't be written to \(.+\); make the data folder"
    ):
        check_folder(Path("/proc/ccnlp"))


def test_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "project").touch()
    with pytest.raises(ConfigurationError, match=r"data can't be written to \(Not a directory\)"):
        check_folder(tmp_path / "project" / "data")


def test_data_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="File exists"):
        check_folder(tmp_path / "data")


def test_full_disk_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"GiB free, and a run needs 1e\+09; make room"):
        check_free_space(tmp_path, min_free_gib=1e9)
