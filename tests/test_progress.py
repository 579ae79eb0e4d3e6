import logging

import pytest

from ccnlp import progress
from ccnlp.progress import ProgressLine, track


@pytest.fixture
def at_once(monkeypatch, caplog):
    """Every line is logged."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    caplog.set_level(logging.INFO)
    return caplog


def test_progress_line_says_how_long_the_rest_takes(at_once):
    line = ProgressLine("texts translated", total=20)
    for num_done in (0, 5, 15):
        line.advance(num_done)
    assert at_once.messages == [
        "texts translated: 5 of 20, 0:00 left",
        "texts translated: 20 of 20, 0:00 left",
    ]


def test_lines_are_seconds_apart(caplog):
    caplog.set_level(logging.INFO)
    ProgressLine("texts translated", total=20).advance(5)
    assert caplog.messages == []


def test_track_gives_the_items_and_counts_them(at_once):
    assert list(track("ab", "letters read")) == ["a", "b"]
    assert at_once.messages == [
        "letters read: 1 of 2, 0:00 left",
        "letters read: 2 of 2, 0:00 left",
    ]


def test_track_of_unknown_length_says_how_many_are_done(at_once):
    assert list(track(iter("ab"), "letters read")) == ["a", "b"]
    assert at_once.messages == ["letters read: 1", "letters read: 2"]
