"""Changes of single values in a YAML file; every other character stays as its author wrote it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TypeAlias

from meshwright.errors import Fault, InputError

Path_: TypeAlias = Sequence[str | int]
Node: TypeAlias = Any
"""A node of ruamel.yaml, which types none of what its nodes have."""


@dataclass(frozen=True, slots=True)
class Put:
    """Give a key of a mapping a value; ``path`` leads to the mapping."""

    path: Path_
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Item:
    """Give an item of a list a value: the one whose ``key`` is ``name``, or a new one at its end.

    ``owner`` is the key of the list in the file's own mapping; the list is made where it is missing.
    """

    owner: str
    key: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Take an item away from a list: ``path`` leads to it."""

    path: Path_


Edit: TypeAlias = Put | Item | Drop


def read_text(file: Path) -> str:
    """The text of a file with the line ends that it has."""
    return file.read_bytes().decode("utf-8")


def edited(text: str, edits: Sequence[Edit], file: Path) -> str:
    """``text`` with all edits. InputError where the file is written in a way that cannot be edited like that."""
    from ruamel.yaml.error import YAMLError

    for edit in edits:
        wanted = _wanted(_plain(text), edit)
        text = _splice(text, edit)
        try:
            same = _plain(text) == wanted
        except (YAMLError, ValueError, RecursionError) as error:
            raise _unfit(file, edit) from error
        if not same:
            raise _unfit(file, edit)
    return text


def _unfit(file: Path, edit: Edit) -> InputError:
    what = edit.key if isinstance(edit, Put) else edit.name if isinstance(edit, Item) else str(edit.path[-1])
    reason = f"{what} cannot be written here without changing more: its YAML is laid out in an unusual way"
    return InputError(Fault(reason, file, command=f"edit {file.name} by hand"))


def _plain(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def _wanted(data: Any, edit: Edit) -> Any:
    data = copy.deepcopy(data)
    if isinstance(edit, Put):
        _at(data, edit.path)[edit.key] = edit.value
    elif isinstance(edit, Drop):
        del _at(data, edit.path[:-1])[edit.path[-1]]
    else:
        if data.get(edit.owner) is None:
            data[edit.owner] = []
        items = data[edit.owner]
        mine = [item for item in items if isinstance(item, dict) and item.get(edit.key) == edit.name]
        if mine:
            mine[0]["value"] = edit.value
        else:
            items.append({edit.key: edit.name, "value": edit.value})
    return data


def _at(data: Any, path: Path_) -> Any:
    for step in path:
        data = data[step]
    return data


def _splice(text: str, edit: Edit) -> str:
    from ruamel.yaml import YAML

    root = YAML(typ="rt", pure=True).compose(StringIO(text))
    if isinstance(edit, Put):
        return _put(text, _node(root, edit.path), edit.key, edit.value)
    if isinstance(edit, Drop):
        return _dropped(text, _node(root, edit.path[:-1]), edit.path[-1])
    owner = _value(root, edit.owner)
    if owner is None or not owner.value:
        return _new_list(text, root, owner, edit)
    for node in owner.value:
        name = _value(node, edit.key)
        if name is not None and name.value == edit.name:
            return _put(text, node, "value", edit.value)
    return _appended(text, owner, edit)


def _node(node: Node, path: Path_) -> Node:
    for step in path:
        found = node.value[step] if isinstance(step, int) else _value(node, step)
        if found is None:
            raise KeyError(step)
        node = found
    return node


def _value(node: Node, key: str) -> Node | None:
    return next((value for name, value in _pairs(node) if name.value == key), None)


def _pairs(node: Node) -> Sequence[tuple[Node, Node]]:
    pairs: Sequence[tuple[Node, Node]] = node.value if node.id == "mapping" else ()
    return pairs


def _put(text: str, owner: Node, key: str, value: str) -> str:
    old = _value(owner, key)
    if old is not None:
        word = {"'": f"'{value}'", '"': json.dumps(value)}.get(old.style, _word(value))
        return f"{text[: old.start_mark.index]}{word}{text[old.end_mark.index :]}"
    if owner.flow_style:
        return _before_end(text, owner, f"{key}: {_word(value)}")
    column = owner.value[0][0].start_mark.column
    return _after(text, owner.value[-1][1], f"{' ' * column}{key}: {_word(value)}")


def _appended(text: str, owner: Node, edit: Item) -> str:
    if owner.flow_style:
        return _before_end(text, owner, f"{{{edit.key}: {edit.name}, value: {_word(edit.value)}}}")
    return _after(text, owner.value[-1], _item(edit, owner.start_mark.column))


def _item(edit: Item, column: int) -> str:
    indent = " " * column
    return f"{indent}- {edit.key}: {edit.name}\n{indent}  value: {_word(edit.value)}"


def _new_list(text: str, root: Node, empty: Node | None, edit: Item) -> str:
    if root.flow_style or empty is not None:
        item = f"{{{edit.key}: {edit.name}, value: {_word(edit.value)}}}"
        if empty is not None:
            return f"{text[: empty.start_mark.index]}[{item}]{text[empty.end_mark.index :]}"
        return _before_end(text, root, f"{edit.owner}: [{item}]")
    column = root.value[0][0].start_mark.column
    lists = [v for _, v in _pairs(root) if v.id == "sequence" and not v.flow_style and v.value]
    inner = lists[-1].start_mark.column if lists else column + 2
    return _after(text, root.value[-1][1], f"{' ' * column}{edit.owner}:\n{_item(edit, inner)}")


def _dropped(text: str, owner: Node, step: str | int) -> str:
    if owner.flow_style or not isinstance(step, int):
        return text
    starts = [text.rindex("\n", 0, item.start_mark.index) + 1 for item in owner.value]
    last = text.find("\n", _line_end(text, _last(owner.value[step]))) + 1 or len(text)
    end = starts[step + 1] if step + 1 < len(starts) else last
    return text[: starts[step]] + text[end:]


def _before_end(text: str, owner: Node, addition: str) -> str:
    """Into a collection in brackets."""
    end = owner.end_mark.index - 1
    comma = ", " if owner.value else ""
    head = text[:end].rstrip()
    return f"{head}{comma}{addition}{text[len(head) :]}"


def _after(text: str, node: Node, addition: str) -> str:
    """On lines of its own after the last line of a node, and what is remarked there."""
    end, line_break = _line_end(text, _last(node)), _break(text)
    return f"{text[:end]}{line_break}{addition.replace(chr(10), line_break)}{text[end:] or line_break}"


def _break(text: str) -> str:
    """How the file ends its lines."""
    return "\r\n" if "\r\n" in text else "\n"


def _line_end(text: str, node: Node) -> int:
    """The end of the last line that holds something of a scalar."""
    is_text = getattr(node, "style", None) in ("|", ">")
    last = len(text[: node.end_mark.index].rstrip()) if is_text else node.end_mark.index
    end = text.find("\n", last)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1] == "\r" else end


def _last(node: Node) -> Node:
    """The last scalar of a node, or its last collection in brackets."""
    while node.id != "scalar" and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _word(value: str) -> str:
    """A text that every YAML reader takes for one; words need no quotes."""
    is_word = re.fullmatch(r"[a-z][a-z0-9_./]{2,}|\d+\.\d+\.\d+", value) and value not in _TAKEN
    return value if is_word else json.dumps(value)


_TAKEN = frozenset({"yes", "off", "true", "false", "null"})
