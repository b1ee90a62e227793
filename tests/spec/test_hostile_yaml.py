"""No file hangs, exhausts or runs the loader; whatever is wrong is a SpecError."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.errors import SpecError
from meshwright.spec import load, load_contract
from meshwright.spec.columns import MAX_NESTING
from meshwright.spec.documents import MAX_FAULTS
from meshwright.spec.yaml_reader import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TWINS, parse_yaml
from spec.faults import ORDERS, PRODUCT
from support.hangs import ends
from support.mesh_files import FILES

HERE = Path("x.yaml")


def explained(read: Callable[[], object]) -> None:
    """``read`` either succeeds or raises SpecError with faults that can be shown."""
    try:
        read()
    except SpecError as e:
        told = [(fault.file is not None, bool(fault.reason), bool(str(fault))) for fault in e.faults]
    else:
        return
    assert set(told) == {(True, True, True)}


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    return "\n".join(lines)


def nested_properties(levels: int) -> str:
    text = FILES[ORDERS].split("    properties:\n")[0] + "    properties:\n"
    indent = "      "
    for i in range(levels):
        leaf = i == levels - 1
        kind = "string" if leaf else "object"
        text += f"{indent}- name: n{i}\n{indent}  logicalType: {kind}\n"
        if not leaf:
            text += f"{indent}  properties:\n"
            indent += "  "
    return text


BIG = MAX_BYTES - 100
HOSTILE = {
    "billion laughs": (laughs(9, 10), f"more than {MAX_NODES} values"),
    "wide laughs": (laughs(3, 60), f"more than {MAX_ALIASES} aliases"),
    "itself": ("a: &a [*a]", "stands inside its own anchor"),
    "deep flow": ("a: " + "[" * 100_000, f"nested deeper than {MAX_DEPTH} levels"),
    "deep mapping": ("a: " + "{a: " * 100_000, f"nested deeper than {MAX_DEPTH} levels"),
    "deep block": ("\n".join(" " * i + f"k{i}:" for i in range(1_200)), f"nested deeper than {MAX_DEPTH} levels"),
    "deep list": ("a:\n" + "- " * 200_000 + "x", f"nested deeper than {MAX_DEPTH} levels"),
    "deep by alias": ("a: &a " + "[" * 20 + "]" * 20 + "\nb: " + "[" * 20 + "*a" + "]" * 20, "nested deeper"),
    "many values": ("a: [" + "1," * (BIG // 2) + "]", f"more than {MAX_NODES} values"),
    "many keys": ("\n".join(f"k{i}: 1" for i in range(60_000)), f"more than {MAX_NODES} values"),
    "one key often": ("a: 1\n" * (BIG // 5), f"{MAX_TWINS} keys are given twice"),
    "many anchors": ("a:\n" + "\n".join(f"- &x{i} 1" for i in range(60_000)), f"more than {MAX_NODES} values"),
    "many directives": ("%TAG !a! tag:a,2000:\n" * 30_000 + "---\na: 1", "lines begin with '%'"),
    "many documents": ("---\n" * 200_000, "a second document begins here"),
    "python object": ("a: !!python/object/apply:os.system ['touch x']", "the tag"),
    "python name": ("a: !!python/name:os.system", "the tag"),
    "binary": ("a: !!binary aGVsbG8=", "the tag"),
    "set": ("a: !!set {x, y}", "the tag"),
    "long number": ("a: " + "9" * BIG, "digits is too long"),
    "long float": ("a: 1." + "9" * BIG, None),
    "long text": ("a: " + "x" * BIG, None),
    "long key": ("x" * BIG + ": 1", "a ':' follows"),
    "long quoted": ('a: "' + "\\n" * (BIG // 2) + '"', None),
    "too large": ("a: " + "x" * MAX_BYTES, "is larger than 1024 KiB"),
    "brackets": ("a: " + "[]" * 100_000, "expected a key"),
    "question marks": ("? " * 200_000, None),
    "colons": (": " * 200_000, None),
    "quotes": ("a: " + "'" * 200_001, "the file ends inside"),
    "comments": ("#" * BIG, "the file is empty"),
    "spaces": (" " * BIG, "the file is empty"),
    "breaks": ("\n" * BIG, "the file is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_bounded(name: str, tmp_path: Path) -> None:
    text, reason = HOSTILE[name]
    with ends():
        if reason is None:
            explained(lambda: parse_yaml(text.encode(), HERE))
        else:
            with pytest.raises(SpecError) as caught:
                parse_yaml(text.encode(), HERE)
            assert reason in caught.value.faults[-1].reason
    file = tmp_path / ORDERS
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with ends(), pytest.raises(SpecError) as refused:
        load_contract(file)
    assert all(len(fault.reason) < 500 for fault in refused.value.faults)


def test_a_large_honest_contract_loads(tmp_path: Path) -> None:
    head, _, _ = FILES[ORDERS].partition("      - name: customer_id")
    column = "      - name: c{}\n        logicalType: string\n        required: true\n"
    columns = "".join(map(column.format, range(2_000)))
    file = tmp_path / ORDERS
    file.parent.mkdir(parents=True)
    file.write_text(head + columns)
    with ends():
        assert len(load_contract(file).columns) == 2_001


@pytest.mark.parametrize(
    "columns",
    [
        "".join(f"      - nam{i}: c\n" for i in range(6_000)),
        "".join(f"      - name: C{i}\n        logicalType: string\n" for i in range(3_000)),
        "".join(f"      - name: c{i}\n        physicalType: bigintt\n" for i in range(3_000)),
    ],
    ids=["unknown keys", "names", "types"],
)
def test_thousands_of_faults_are_cut_short(tmp_path: Path, columns: str) -> None:
    file = tmp_path / ORDERS
    file.parent.mkdir(parents=True)
    file.write_text(FILES[ORDERS].partition("      - name: order_id")[0] + columns)
    with ends(), pytest.raises(SpecError) as caught:
        load_contract(file)
    assert len(caught.value.faults) == MAX_FAULTS + 1
    assert caught.value.faults[-1].reason.endswith("faults more")


def test_nested_properties_take_linear_time_and_end_at_a_cap(tmp_path: Path) -> None:
    file = tmp_path / ORDERS
    file.parent.mkdir(parents=True)
    file.write_text(nested_properties(MAX_NESTING))
    with ends():
        contract = load_contract(file)
    assert contract.columns[0].type.count("struct<") == MAX_NESTING - 1
    file.write_text(nested_properties(MAX_NESTING + 1))
    with ends(), pytest.raises(SpecError, match=f"nested deeper than {MAX_NESTING} levels"):
        load_contract(file)


@pytest.mark.parametrize(
    ("data", "line", "column", "reason"),
    [
        (b"a: 1\nb: \xff\xfe\n", 2, 4, "is not UTF-8: byte 0xff"),
        (b"a: 1\nb: x\x00\n", 2, 5, "U+0000"),
        ("a: 1\n".encode("utf-16"), 1, 1, "is not UTF-8"),
        (b"a: \xed\xa0\x80", 1, 4, "is not UTF-8"),
        (b"a: \x1b[31mred", 1, 4, "U+001B"),
        ("a: \x9b31m".encode(), 1, 4, "U+009B"),
    ],
)
def test_bytes_that_are_no_text(data: bytes, line: int, column: int, reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_yaml(data, HERE)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column) == (line, column)
    assert reason in fault.reason


def test_what_is_no_file_does_not_hang(tmp_path: Path) -> None:
    folder = tmp_path / "domains/shop/orders"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "product.yaml")
    (folder / "orders.contract.yaml").symlink_to("/dev/zero")
    (tmp_path / "domains/shop/domain.yaml").symlink_to("nowhere")
    with ends(), pytest.raises(SpecError) as caught:
        load(tmp_path)
    assert [f.reason for f in caught.value.faults] == [
        "is a link to nowhere, where there is no file", "is no file",
    ]  # fmt: skip


LINES = FILES[ORDERS].splitlines()
WORDS = sorted({word for line in LINES for word in line.replace(":", " ").split()})
VALUES = [*WORDS, "[]", "{}", "null", "[1, 2]", "*a", "&a x", "-1", "1e9", "|"]


@st.composite
def changed_contracts(draw: st.DrawFn) -> str:
    """The orders contract with some lines dropped, repeated, moved, re-indented or with other values."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        i = draw(st.integers(0, len(lines) - 1))
        line = lines[i]
        key, value = line.partition(":")[0], draw(st.one_of(st.sampled_from(VALUES), st.text(max_size=8)))
        edits = [[], [line, line], ["  " + line], [line.removeprefix("  ")], [f"{key}: {value}"], [line + value]]
        lines[i : i + 1] = draw(st.sampled_from(edits))
        if not lines:
            break
    return "\n".join(lines)


@given(st.one_of(changed_contracts(), st.text(max_size=200)))
@settings(max_examples=200, deadline=None)
def test_no_contract_raises_anything_but_spec_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "domains/shop/orders/orders.contract.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    explained(lambda: load_contract(file))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)),
    max_leaves=12,
)


IN_COLUMN = ("quality", "relationships", "logicalTypeOptions")
IN_TABLE = ("quality", "properties", "relationships")
IN_DOCUMENT = ("schema", "slaProperties", "team", "description")


@given(JSON, st.sampled_from([*IN_COLUMN, *IN_TABLE, *IN_DOCUMENT]))
@settings(max_examples=200, deadline=None)
def test_no_value_in_the_wrong_place_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, value: object, key: str
) -> None:
    file = tmp_path_factory.getbasetemp() / ORDERS
    file.parent.mkdir(parents=True, exist_ok=True)
    column = {"name": "a", "logicalType": "integer", **({key: value} if key in IN_COLUMN else {})}
    table = {"name": "orders", "properties": [column], **({key: value} if key in IN_TABLE else {})}
    head = {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1", "status": "a"}
    document = {**head, "schema": [table], **({key: value} if key in IN_DOCUMENT else {})}
    file.write_text(json.dumps(document))
    explained(lambda: load_contract(file))


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    explained(lambda: parse_yaml(data, HERE))


def test_the_product_file_is_as_safe(tmp_path: Path) -> None:
    file = tmp_path / PRODUCT
    file.parent.mkdir(parents=True)
    file.write_text(laughs(9, 10))
    (tmp_path / "domains/shop/domain.yaml").write_text(laughs(9, 10))
    with ends(), pytest.raises(SpecError) as caught:
        load(tmp_path)
    assert len(caught.value.faults) == 2
