"""Single values change, and every other character stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.errors import InputError
from meshwright.lifecycle.edit import Drop, Edit, Item, Put, edited

STATUS = Put((), "status", "deprecated")
END = Item("slaProperties", "property", "endOfLife", "2031-01-02")
BLOCK = """\
# Who keeps this file: us.
id:   c1     # aligned by hand
version: '1.0.0'   # quoted
status: active # lives

slaProperties:
    # the age of data
    - property: latency
      value: 8   # days
      unit: d
    - {property: endOfLife, value: "2030-01-01"}   # as agreed

description: >-
  folded
  text
# the end
"""


@pytest.mark.parametrize(
    ("text", "edit", "old", "new"),
    [
        (BLOCK, STATUS, "status: active # lives", "status: deprecated # lives"),
        (BLOCK, Put((), "version", "1.1.0"), "version: '1.0.0'   #", "version: '1.1.0'   #"),
        (BLOCK, END, 'value: "2030-01-01"}', 'value: "2031-01-02"}'),
        (BLOCK, Put(("slaProperties", 0), "value", "nine"), "value: 8   #", "value: nine   #"),
        (
            BLOCK, Item("slaProperties", "property", "endOfSupport", "2031-01-02"), "# as agreed\n",
            '# as agreed\n    - property: endOfSupport\n      value: "2031-01-02"\n',
        ),
        (
            BLOCK, Item("customProperties", "property", "replacedBy", "a.b"), "  text\n",
            "  text\ncustomProperties:\n    - property: replacedBy\n      value: a.b\n",
        ),
        ("id: a\n", STATUS, "id: a\n", "id: a\nstatus: deprecated\n"),
        ("id: a", STATUS, "id: a", "id: a\nstatus: deprecated\n"),
        ("id: a\n", END, "id: a\n", 'id: a\nslaProperties:\n  - property: endOfLife\n    value: "2031-01-02"\n'),
        ("a:\n- b: 1\n", END, "1\n", '1\nslaProperties:\n- property: endOfLife\n  value: "2031-01-02"\n'),
        ("slaProperties: []\nid: a\n", END, "[]", '[{property: endOfLife, value: "2031-01-02"}]'),
        ('{"id": "a", "status": "active"}\n', STATUS, '"active"', '"deprecated"'),
        ('{"id": "a"}\n', END, "}", ', slaProperties: [{property: endOfLife, value: "2031-01-02"}]}'),
        ("a:\n  - b\n  - c # two\nd: e\n", Drop(("a", 1)), "  - c # two\n", ""),
        ("a:\n  - b: 1\n    c: 2\n  - b: 3\nd: e\n", Drop(("a", 0)), "  - b: 1\n    c: 2\n", ""),
    ],
)  # fmt: skip
def test_only_what_is_named_changes(text: str, edit: Edit, old: str, new: str) -> None:
    assert old in text
    wanted = text.replace(old, new, 1)
    assert edited(text, [edit], Path("f.yaml")) == wanted
    if "\n" in text:
        assert edited(_as_windows_has_it(text), [edit], Path("f.yaml")) == _as_windows_has_it(wanted)


def _as_windows_has_it(text: str) -> str:
    return text.replace("\n", "\r\n")


def test_many_edits_follow_each_other() -> None:
    found = edited("id: a\n", [STATUS, END, END, Item("slaProperties", "property", "endOfSupport", "x y")], Path("f"))
    assert found == (
        "id: a\nstatus: deprecated\nslaProperties:\n"
        '  - property: endOfLife\n    value: "2031-01-02"\n  - property: endOfSupport\n    value: "x y"\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "base: &b {status: active}\nstatus: *s\n".replace("*s", "&s active") + "other: *s\n",
        "a: {items: [1, 2]}\nslaProperties: [one, two]\n",
    ],
)
def test_what_cannot_be_done_without_changing_more_is_refused(text: str) -> None:
    edit = Drop(("slaProperties", 0)) if "slaProperties" in text else STATUS
    with pytest.raises(InputError, match="cannot be written here without changing more"):
        edited(text, [edit], Path("f.yaml"))
