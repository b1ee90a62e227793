"""The kinds of consumers that are known, by name."""

from __future__ import annotations

from collections.abc import Mapping

from meshwright.check.impact.data_tests import DataTests
from meshwright.check.impact.expectations import Expectations
from meshwright.check.impact.model import Reader
from meshwright.check.impact.models import Models
from meshwright.check.impact.rules import Rules

READERS: Mapping[str, Reader] = {
    "product": Models(), "rule": Rules(), "test": DataTests(), "expectation": Expectations(),
}  # fmt: skip
