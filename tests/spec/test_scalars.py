"""Scalars by YAML 1.2's core schema, with their places."""
# ruff: noqa: E501 - tables of cases are read across

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshwright.errors import SpecError
from meshwright.spec.node import At
from meshwright.spec.yaml_reader import parse_yaml


def value(text: str) -> Any:
    node, faults = parse_yaml(f"a: {text}\n".encode(), Path("x.yaml"))
    assert not faults
    return node.plain()["a"]


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "y", "N", "NO", "Yes", "tRue", "nULL"])
def test_words_of_yaml_1_1_are_texts(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    "text", ["2017-01-01", "2017-01-01T10:00:00Z", "12:30", "190:20:30", "1_000", "0x1F", "0o17", "0b1", "1.2.3", "1e", "+", "."]
)  # fmt: skip
def test_dates_times_and_versions_are_texts(text: str) -> None:
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("True", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("Null", None),
     ("0", 0), ("010", 10), ("-7", -7), ("+3", 3), ("1.5", 1.5), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0), ("-2.5E-1", -0.25),
     ("'true'", "true"), ('"1"', "1"), ("|-\n  1", "1"), (">-\n  a\n  b", "a b")],
)  # fmt: skip
def test_what_is_no_text(text: str, expected: object) -> None:
    found = value(text)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "-1e400"])
def test_numbers_are_finite(text: str) -> None:
    with pytest.raises(SpecError, match="must be finite"):
        value(text)


def test_keys_are_texts() -> None:
    node, _ = parse_yaml(b"1: a\ntrue: b\n2017-01-01: c\n'': d\n", Path("x.yaml"))
    assert node.plain() == {"1": "a", "true": "b", "2017-01-01": "c", "": "d"}


def test_aliases_are_followed_and_keep_their_place() -> None:
    node, _ = parse_yaml(b"a: &x\n  b: [1, 2]\nc: *x\n", Path("x.yaml"))
    assert node.plain() == {"a": {"b": [1, 2]}, "c": {"b": [1, 2]}}
    inner = At(Path("x.yaml"), node).get("c")
    assert inner is not None
    assert (inner.where.line, inner.where.key) == (1, "c")


def test_places_count_from_one_and_characters_not_bytes() -> None:
    node, _ = parse_yaml("\N{BYTE ORDER MARK}ä: ü\nlist:\n  - {k: [x, 'y']}\n".encode(), Path("x.yaml"))
    at = At(Path("x.yaml"), node)
    first = at.get("ä")
    assert first is not None
    assert (first.where.line, first.where.column) == (1, 4)
    (member,) = at.items("list")
    inner = list(member.items("k"))
    assert [(i.where.line, i.where.column, i.where.key) for i in inner] == [
        (3, 10, "list[0].k[0]"),
        (3, 13, "list[0].k[1]"),
    ]


def test_windows_line_ends() -> None:
    node, _ = parse_yaml(b"a: 1\r\nb: x\r\n", Path("x.yaml"))
    assert node.plain() == {"a": 1, "b": "x"}
    assert node.keys["b"] == (2, 1)


def test_every_twin_is_told_and_the_first_kept() -> None:
    node, faults = parse_yaml(b"a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\n", Path("x.yaml"))
    assert node.plain() == {"a": 1, "b": {"c": 1}}
    assert [(f.line, f.column, f.key) for f in faults] == [(2, 1, "a"), (3, 11, "b.c"), (3, 17, "b.c")]
