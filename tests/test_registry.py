import sys

import pytest

from ccnlp.errors import ConfigurationError
from ccnlp.registry import Registry


@pytest.fixture
def registry() -> Registry[type]:
    return Registry("toy", package="ccnlp.corpora.readers", parameter="parameters/toys.yml")


def test_registered_class_is_found_by_its_name(registry):
    @registry.register("ball")
    class Ball:
        pass

    assert registry.get("ball") is Ball
    assert list(registry) == ["ball"]


def test_unknown_name_is_refused_with_the_near_one(registry):
    registry.register("ball")(int)
    with pytest.raises(ConfigurationError) as error:
        registry.get("bal")
    assert str(error.value) == "unknown toy 'bal'; did you mean 'ball'? (parameters/toys.yml)"


def test_second_class_of_a_name_is_refused(registry):
    registry.register("ball")(int)
    with pytest.raises(ValueError, match="toy 'ball' is already registered by <class 'int'>"):
        registry.register("ball")(str)


def test_same_class_can_be_registered_again(registry):
    registry.register("ball")(int)
    registry.register("ball")(int)
    assert registry.get("ball") is int


def test_modules_of_the_package_are_imported_at_the_first_look_up(tmp_path, monkeypatch):
    package = tmp_path / "toy_shelf"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from ccnlp.registry import Registry\n"
        "TOYS = Registry('toy', package='toy_shelf', parameter='toys.yml')\n"
    )
    (package / "ball.py").write_text(
        "from toy_shelf import TOYS\n@TOYS.register('ball')\nclass Ball: pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from toy_shelf import TOYS

    assert "toy_shelf.ball" not in sys.modules
    assert TOYS.get("ball").__name__ == "Ball"
    for name in ("toy_shelf", "toy_shelf.ball"):
        monkeypatch.delitem(sys.modules, name)


def test_every_reader_is_found():
    from ccnlp.corpora.raw import READERS

    assert list(READERS) == [
        "answer_sentences",
        "conll",
        "delimited",
        "hugging_face",
        "json",
        "json_lines",
        "marked_entities",
        "parallel_lines",
        "parquet",
        "squad",
    ]
