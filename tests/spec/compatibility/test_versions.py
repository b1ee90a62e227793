"""What a version must become, and which steps are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.spec.compatibility import Verdict, compare
from meshwright.spec.compatibility.version import judge, parsed
from spec.compatibility.contracts import column, contract

NONE, PATCH, MINOR, MAJOR = Verdict.NONE, Verdict.PATCH, Verdict.MINOR, Verdict.MAJOR


@pytest.mark.parametrize(
    ("old", "verdict", "required"),
    [
        ("1.2.3", NONE, "1.2.3"),
        ("1.2.3", PATCH, "1.2.4"),
        ("1.2.3", MINOR, "1.3.0"),
        ("1.2.3", MAJOR, "2.0.0"),
        ("0.4.1", MAJOR, "1.0.0"),
        ("0.4.1", MINOR, "0.5.0"),
        ("1.2", PATCH, "1.2.1"),
        ("v3", MINOR, "3.1.0"),
        ("2.0.0-rc.1", MAJOR, "2.0.0"),
    ],
)
def test_required(old: str, verdict: Verdict, required: str) -> None:
    judged = judge(old, old, verdict)
    assert judged.required == required
    assert judged.enough == (verdict is NONE)
    assert judge(old, required, verdict).enough


@pytest.mark.parametrize(
    ("new", "verdict", "rules"),
    [
        ("1.2.3", MINOR, []),
        ("1.2.4", MINOR, []),
        ("1.2.2", None, ["version-lowered"]),
        ("1.1.9", None, ["version-lowered"]),
        ("0.9.0", None, ["version-lowered"]),
        ("1.2.3-rc.1", None, ["version-lowered"]),
        ("1.2.5", None, ["version-skipped"]),
        ("1.3.1", None, ["version-skipped"]),
        ("1.4.0", None, ["version-skipped"]),
        ("2.1.0", None, ["version-skipped"]),
        ("3.0.0", None, ["version-skipped"]),
        ("1.x", None, ["version-unreadable"]),
    ],
)
def test_not_enough(new: str, verdict: Verdict | None, rules: list[str]) -> None:
    judged = compare(contract(), contract(column("note", required=True), {"version": new}))
    assert [c.rule for c in judged.changes if c.path == "version"] == rules
    assert judged.verdict == (verdict or Verdict.REFUSED)
    assert judged.refused
    assert not judged.version.enough
    assert judged.version.required == "1.3.0"
    assert new in judged.version.reason or "1.2.3" in judged.version.reason


@pytest.mark.parametrize("new", ["1.3.0", "2.0.0", "1.3.0-beta", "2.0.0-rc.1", "v1.3.0", "1.3.0+build.7"])
def test_enough(new: str) -> None:
    judged = compare(contract(), contract(column("note", required=True), {"version": new}))
    assert judged.version.enough, judged.version
    assert judged.verdict == MINOR
    assert not judged.refused


def test_nothing_changed() -> None:
    assert compare(contract(), contract()).version.enough
    assert compare(contract(), contract({"version": "1.2.4"})).version.enough
    assert compare(contract({"version": "2026-01"}), contract({"version": "2026-01"})).version.enough


def test_an_old_version_that_is_none_is_named() -> None:
    judged = compare(contract({"version": "spring"}), contract(column("note", required=True), {"version": "spring"}))
    assert not judged.version.enough
    assert judged.version.required is None
    assert "spring" in judged.version.reason
    assert compare(contract({"version": "spring"}), contract({"version": "1.0.0"})).version.enough


def test_the_reason_names_the_version_that_is_needed() -> None:
    judged = compare(contract(), contract(column("note", required=True)))
    assert judged.version.reason == "the changes are minor, but the version is still 1.2.3: it must become 1.3.0"


NUMBERS = st.tuples(*[st.integers(0, 12)] * 3)


BASE = contract()


@given(NUMBERS, st.sampled_from([PATCH, MINOR, MAJOR]))
@settings(deadline=None)
def test_the_next_version_is_one_step_and_enough(numbers: tuple[int, int, int], verdict: Verdict) -> None:
    old = ".".join(map(str, numbers))
    version = parsed(old)
    assert version is not None
    new = str(version.after(verdict))
    step = compare(replace(BASE, version=old), replace(BASE, version=new))
    assert [c.rule for c in step.changes] == []
    assert judge(old, new, verdict).enough
    higher = [v for v in (PATCH, MINOR, MAJOR) if v.rank > verdict.rank]
    assert not any(judge(old, new, v).enough for v in higher)
