"""Dates, times and amounts as a country writes them: which texts are some, and SQL that reads no others."""

from __future__ import annotations

import re

from meshwright.duck import literal
from meshwright.scaffold.columns import identifier

_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d")
FORMATS = tuple(date + time for date in _DATES for time in ("", " %H:%M", " %H:%M:%S"))
"""How dates and times are written beside ISO 8601; a year has four digits, as nobody can tell the century of two."""
_DIGITS = {"%Y": "[0-9]{4}", **dict.fromkeys(("%d", "%m", "%H"), "[0-9]{1,2}"), "%M": "[0-9]{2}", "%S": "[0-9]{2}"}
AMOUNT = "-?([0-9]{1,16}|[0-9]{1,3}([.][0-9]{3}){1,4}),[0-9]{2}"
"""An amount with a decimal comma; two digits behind it, as three might be thousands."""
_PLAIN = "[0-9]{1,16}([,.][0-9]{1,2})?"
_THOUSANDS = "[0-9]{1,3}([.][0-9]{3}){1,4},[0-9]{1,2}"


def pattern_of(format_: str) -> str:
    """A pattern of the texts of a format: strptime alone takes 26 for the year 26."""
    return re.sub("%[YdmHMS]|[.]", lambda found: _DIGITS.get(found[0], "[.]"), format_)


def is_time(format_: str) -> bool:
    """Whether a format has a time beside its date."""
    return "%H" in format_


def read_as_date(column: str, format_: str) -> str:
    """SQL for the dates or times in a text column of the landing, by an error that names the first that is none."""
    name, kind = identifier(column), "time" if is_time(format_) else "date"
    read = f"try_strptime({name}, {literal(format_)})"
    read = read if is_time(format_) else f"cast({read} as date)"
    return _or_refused(column, pattern_of(format_), read, f"{kind} written as {format_}")


def read_as_amount(column: str, *, thousands: bool) -> str:
    """SQL for the amounts in a text column of the landing, to the digit; ``thousands``: dots may group these.

    A point before one or two digits can be no thousands, so that a file with decimal points is read rightly too.
    """
    text = f"{identifier(column)}::varchar"
    pattern = f"-?({_PLAIN}|{_THOUSANDS})" if thousands else f"-?{_PLAIN}"
    digits = f"regexp_replace({text}, '[.]([0-9]{{3}})', '\\1', 'g')" if thousands else text
    read = f"cast(replace({digits}, ',', '.') as decimal(18,2))"
    return _or_refused(column, pattern, read, "amount with a decimal comma and two digits", text)


def _or_refused(column: str, pattern: str, read: str, what: str, text: str | None = None) -> str:
    name = identifier(column)
    told = literal(f"' is no {what} in column {column}")
    return (
        f"coalesce(case when regexp_full_match({text or name}, {literal(pattern)}) then {read} end, "
        f"case when {name} is not null then error('''' || {name} || {told}) end)"
    )
