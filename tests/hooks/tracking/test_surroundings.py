import os
import subprocess

from ccnlp.hooks.tracking.surroundings import (
    CodeRevision,
    ProcessIdentity,
    code_revision,
    describe_machine,
    list_packages,
    main_versions,
)


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_revision_of_a_clean_and_of_a_changed_repository(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "a")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert code_revision(tmp_path) == CodeRevision(commit, "false")
    (tmp_path / "a").write_text("2")
    assert code_revision(tmp_path) == CodeRevision(commit, "true")


def test_revision_outside_a_repository_is_unknown(tmp_path):
    assert code_revision(tmp_path) == CodeRevision("unknown", "unknown")


def test_revision_without_git_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code_revision(tmp_path) == CodeRevision("unknown", "unknown")


def test_this_process_is_alive_and_an_ended_one_is_not():
    process = ProcessIdentity.of_this()
    assert process.pid == os.getpid()
    assert process.is_alive()
    with subprocess.Popen(["true"]) as ended:
        pass
    assert not ProcessIdentity(process.host, ended.pid, process.started).is_alive()


def test_later_process_with_the_same_number_is_another_one():
    process = ProcessIdentity.of_this()
    assert not ProcessIdentity(process.host, process.pid, process.started - 100).is_alive()


def test_machine_and_packages_are_described():
    assert {"host.name", "host.cores", "host.memory_gib"} <= set(describe_machine())
    assert "kedro==" in list_packages()
    assert main_versions()["version.kedro"] != "unknown"
