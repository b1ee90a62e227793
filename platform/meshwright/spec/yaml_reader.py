"""YAML to nodes: YAML 1.2 scalars, every value with its place, every input in bounded time.

The tree is built from parser events, without recursion and without constructors, so that neither depth,
aliases nor tags can do harm. All limits are checked while parsing.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NoReturn

import yaml

from meshwright.errors import Fault, SpecError
from meshwright.spec.model import Where
from meshwright.spec.node import Node, Scalar, dotted

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_ALIASES = 100
MAX_NODES = 50_000
"""Nodes after aliases are followed."""
MAX_DIRECTIVES = 8
"""The parser compares each directive with all before it."""
MAX_DIGITS = 400
MAX_TWINS = 50

_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
# The parser tells of these where it noticed them; they begin where the context does.
_LATE = (
    "could not find expected ':'",
    "found unexpected end of stream",
    "found unexpected document indicator",
    "did not find expected ',' or",
)
_PLAIN = {
    "mapping values are not allowed in this context": "a ':' follows a value that is already complete: "
    "check the indentation, or quote a text that holds ': '",
    "did not find expected key": "expected a key at this indentation",
    "did not find expected '-' indicator": "expected '- ' at this indentation: the list goes on with something else",
    "could not find expected ':'": "expected ':' after this key",
    "found a tab character": "a tab is used for indentation: YAML takes spaces only",
    "found character that cannot start any token": "this character cannot begin a value: quote the text",
    "found unexpected end of stream": "the file ends inside this quoted text",
    "found unexpected document indicator": "the document ends inside this quoted text",
    "did not find expected ',' or ']'": "this '[' is not closed, or a ',' is missing",
    "did not find expected ',' or '}'": "this '{' is not closed, or a ',' is missing",
    "block sequence entries are not allowed in this context": "'- ' cannot stand here: begin the list on its own line",
    "block mapping": "a mapping cannot begin here",
}


def read_yaml(file: Path) -> tuple[Node, list[Fault]]:
    """The one mapping in ``file`` and the faults that leave it readable (keys given twice).

    Raises SpecError where it cannot be read as one.
    """
    try:
        if not file.is_file():
            raise SpecError(Fault(_why_no_file(file), file))
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as e:
        raise SpecError(Fault(f"cannot be read: {e.strerror or e}", file)) from e
    return parse_yaml(data, file)


def _why_no_file(file: Path) -> str:
    if file.exists():
        return "is no file"
    return f"is a link to {file.readlink()}, where there is no file" if file.is_symlink() else "there is no such file"


def parse_yaml(data: bytes, file: Path) -> tuple[Node, list[Fault]]:
    """As :func:`read_yaml`, from the bytes of ``file``."""
    text = _decoded(data, file)
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as e:
        raise SpecError(*builder.faults, _parser_fault(e, file, builder.key)) from e
    except (ValueError, OverflowError) as e:
        raise SpecError(Fault(f"is not valid YAML: {e}", file, 1, 1)) from e
    root = builder.root
    if root is None:
        raise SpecError(Fault("the file is empty", file, 1, 1))
    if not isinstance(root.value, dict):
        raise SpecError(Fault(f"expected keys and values, got {kind(root)}", file, root.line, root.column))
    return root, builder.faults


def kind(node: Node) -> str:
    """What a node is, in words: ``string 'yes'``, ``number 1.5``, ``list``, ``mapping``."""
    value = node.value
    if isinstance(value, dict):
        return "mapping"
    if isinstance(value, list):
        return "list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"string {value[:60]!r}"
    name = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "number"
    return f"{name} {node.text[:60]}"


def _decoded(data: bytes, file: Path) -> str:
    if len(data) > MAX_BYTES:
        raise SpecError(Fault(f"the file is larger than {MAX_BYTES // 1024} KiB", file))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        reason = f"is not UTF-8: byte 0x{data[e.start]:02x}"
        raise SpecError(Fault(reason, file, line, e.start - data.rfind(b"\n", 0, e.start))) from e
    if found := _CONTROL.search(text):
        at = found.start()
        line = text.count("\n", 0, at) + 1
        reason = f"holds the control character U+{ord(found[0]):04X}"
        raise SpecError(Fault(reason, file, line, at - text.rfind("\n", 0, at)))
    if len(re.findall(r"^%", text, re.MULTILINE)) > MAX_DIRECTIVES:
        raise SpecError(Fault(f"more than {MAX_DIRECTIVES} lines begin with '%'", file, 1, 1))
    return text


def _parser_fault(error: yaml.YAMLError, file: Path, key: str) -> Fault:
    problem = str(getattr(error, "problem", None) or error).strip()
    mark, context = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    late = any(problem.startswith(words) for words in _LATE)
    if context is not None and (mark is None or (late and context.line <= mark.line)):
        mark = context
    known = (plain for words, plain in _PLAIN.items() if problem.startswith(words))
    reason = next(known, f"is not valid YAML: {problem}")
    return Fault(reason, file, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, key)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column from 1."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Frame:
    """A collection that is not closed yet."""

    __slots__ = ("anchor", "height", "key", "node", "size", "step")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node, self.anchor = node, anchor
        self.key: yaml.Event | None = None
        self.step: str | int = "" if isinstance(node.value, dict) else 0
        self.size, self.height = 1, 1


class _Builder:
    """Takes parser events one by one; ``root`` is the finished tree."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.root: Node | None = None
        self.faults: list[Fault] = []
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Node, int, int] | None] = {}
        self.aliases = self.documents = self.size = 0

    @property
    def key(self) -> str:
        """The dotted key of the value being read."""
        return dotted(tuple(frame.step for frame in self.stack if frame.step != ""))

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            frame = self.stack.pop()
            self._add(frame.node, frame.anchor, frame.size, frame.height)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._stop(event, "a second document begins here; a file holds one")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            self._stop(event, f"the tag {event.tag[:60]!r} has no place here: write the value plainly")
        if found := _CONTROL.search(event.value):
            self._stop(event, f"holds the control character U+{ord(found[0]):04X}")
        if not event.value.isascii() and any("\ud800" <= c <= "\udfff" for c in event.value):
            self._stop(event, "holds half a character (a surrogate)")
        frame = self.stack[-1] if self.stack else None
        if frame and frame.key is None and isinstance(frame.node.value, dict):
            if event.anchor is not None:
                self._stop(event, "a key cannot have an anchor")
            frame.key = event
            frame.step = event.value
            return
        value: Scalar = event.value
        if event.implicit[0]:
            try:
                value = _resolved(event.value)
            except ValueError as e:
                self._stop(event, str(e))
        self._add(Node(value, *_place(event), event.value), event.anchor, 1, 0)

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._stop(event, f"the tag {event.tag[:60]!r} has no place here: write the value plainly")
        if len(self.stack) >= MAX_DEPTH:
            self._stop(event, f"is nested deeper than {MAX_DEPTH} levels")
        self._no_key(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        value: dict[str, Node] | list[Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Frame(Node(value, *_place(event)), event.anchor))

    def _alias(self, event: yaml.AliasEvent) -> None:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self._stop(event, f"more than {MAX_ALIASES} aliases: write the values out")
        self._no_key(event)
        name = event.anchor or ""
        if name not in self.anchors:
            self._stop(event, f"the alias {name[:60]!r} names no anchor before it")
        target = self.anchors[name]
        if target is None:
            self._stop(event, f"the alias {name[:60]!r} stands inside its own anchor")
        node, size, height = target
        if len(self.stack) + height > MAX_DEPTH:
            self._stop(event, f"is nested deeper than {MAX_DEPTH} levels")
        self._add(node, None, size, height)

    def _no_key(self, event: yaml.Event) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.node.value, dict) and frame.key is None:
            self._stop(event, "a key must be plain text")

    def _add(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        self.size = max(self.size + 1, frame.size)
        if self.size > MAX_NODES:
            raise SpecError(Fault(f"holds more than {MAX_NODES} values", self.file, node.line, node.column))
        if isinstance(frame.node.value, list):
            frame.node.value.append(node)
            frame.step = len(frame.node.value)
        elif isinstance(frame.node.value, dict) and frame.key is not None:
            self._pair(frame, frame.key, node)

    def _pair(self, frame: _Frame, key: yaml.Event, node: Node) -> None:
        name, owner = frame.step, frame.node
        if not isinstance(owner.value, dict) or not isinstance(name, str):
            raise TypeError("a pair needs a mapping and a key")
        if name in owner.value:
            reason = f"key {name[:60]!r} is given twice; first on line {owner.keys[name][0]}"
            self.faults.append(self._where(key).fault(reason))
            if len(self.faults) >= MAX_TWINS:
                self._stop(key, f"{MAX_TWINS} keys are given twice: the rest is not read")
        else:
            owner.value[name] = node
            owner.keys[name] = _place(key)
        frame.key, frame.step = None, ""

    def _where(self, event: yaml.Event) -> Where:
        return Where(self.file, *_place(event), self.key)

    def _stop(self, event: yaml.Event, reason: str) -> NoReturn:
        raise SpecError(*self.faults, self._where(event).fault(reason))


def _resolved(text: str) -> Scalar:
    """A plain scalar by YAML 1.2's core schema; ValueError for numbers that JSON cannot hold."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _INT.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a number of {len(text)} digits is too long")
        return int(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"a number must be finite, got {text}")
    if _FLOAT.fullmatch(text):
        if not math.isfinite(number := float(text)):
            raise ValueError(f"a number must be finite, got {text[:60]}")
        return number
    return text
