from pathlib import Path

from pydantic import BaseModel, RootModel

from ccnlp.hooks.tracking.flattening import flatten, legal_name, shorten


class Freeze(BaseModel):
    layers: int
    folder: Path | None


class Groups(RootModel[dict[str, Freeze]]):
    pass


def test_typed_parameters_become_plain_values():
    groups = Groups({"a": Freeze(layers=2, folder=Path("x"))})
    assert flatten("groups", groups) == {"groups.a.layers": "2", "groups.a.folder": "x"}


def test_scalars_lists_and_nothing_keep_their_json_form():
    value = {"rate": 0.0001, "on": True, "none": None, "labels": ["a", "ü"], "empty": {}}
    assert flatten("p", value) == {
        "p.rate": "0.0001",
        "p.on": "true",
        "p.none": "null",
        "p.labels": '["a", "ü"]',
        "p.empty": "{}",
    }


def test_single_value_keeps_its_name():
    assert flatten("seed", 3) == {"seed": "3"}


def test_names_are_made_legal():
    assert legal_name("culture/es-MX (x)") == "culture/es-MX _x_"


def test_long_value_is_cut_with_a_mark():
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
