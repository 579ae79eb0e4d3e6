"""The examples in docstrings say what the code does."""

import doctest
import importlib
from pathlib import Path

import pytest

import ccnlp

PACKAGE = Path(ccnlp.__file__).parent
MODULES = sorted(
    ".".join(("ccnlp", *path.relative_to(PACKAGE).with_suffix("").parts))
    for path in PACKAGE.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_hold(name):
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert tried
    assert not failed
