import doctest
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

from examhall import psychometrics

MODULES = [f"examhall.psychometrics.{module.name}" for module in iter_modules(psychometrics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    found = doctest.testmod(import_module(name), extraglobs={"np": np})
    assert found.failed == 0
