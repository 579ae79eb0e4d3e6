import pytest

from ccnlp.errors import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("delimted", ["delimited", "parquet"], "did you mean 'delimited'?"),
        ("NEUTRAL", ["neutral", "positive"], "did you mean 'neutral'?"),
        ("Es", ["ES", "es"], "did you mean 'es'?"),
        ("x", ["b", "a"], "known are 'a', 'b'"),
        ("x", [], "none is known"),
        ("cafe\u0301", ["caf\xe9"], r"did you mean 'caf\xe9' instead of 'cafe\u0301'?"),
    ],
)
def test_hint_is_the_nearest_name_or_all(name, known, hint):
    assert did_you_mean(name, known) == hint


def test_hint_does_not_list_hundreds_of_names():
    names = [f"name {i:03}" for i in range(100)]
    assert did_you_mean("x", names).endswith("'name 011' and 88 more")
