"""Builds on a part of the data: which rows of an input they see, the same ones in every build.

A sampled environment shows its builds a share of each large input of production. What it made itself is a sample
already and is read whole, and so are small inputs, which are dimensions more often than not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from meshwright.duck import quote
from meshwright.errors import Fault, InputError

WHOLE_BELOW = 10_000
"""Inputs of fewer rows are read whole."""

_BUCKETS = 1_000_000
_TEXT = re.compile(r"(?P<share>\d+(\.\d+)?)\s*%(:(?P<by>[a-z][a-z0-9_]*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sample:
    """A share of the rows, in per cent (0 to 100, both left out), chosen by a hash of the row or of a column.

    Inputs that have the column ``by`` give the same values of it, so that joins on it lose nothing; inputs that lack it
    are read whole.
    """

    percent: Decimal
    by: str | None = None

    @classmethod
    def parse(cls, text: str) -> Sample:
        """``10%``, or ``10%:customer_id``. InputError for anything else."""
        found = _TEXT.fullmatch(text.strip())
        percent = Decimal(found["share"]) if found else Decimal(0)
        if found is None or not Decimal(100) / _BUCKETS <= percent < 100:
            reason = f"{text[:80]!r} is no sample: a share below 100 %, and perhaps a column to choose by"
            raise InputError(Fault(reason, key="--sample", command="--sample 10%, or --sample 10%:customer_id"))
        return cls(percent, found["by"])

    def __str__(self) -> str:
        return f"{self.percent.normalize():f}%" + (f":{self.by}" if self.by else "")

    def condition(self, row: str, columns: Sequence[str], rows: int, key: Sequence[str] = ()) -> str | None:
        """SQL that holds for the rows to read of an input of ``rows`` rows and ``columns``; None for all of them.

        ``row`` is the name of the relation, which stands for a row as a whole; ``key`` are columns that tell rows
        apart, where there are any.
        """
        if rows < WHOLE_BELOW or (self.by and self.by not in columns):
            return None
        names = [quote(name) for name in ([self.by] if self.by else key)]
        hashed = ", ".join(f"CAST({name} AS VARCHAR)" for name in names) or quote(row)
        there = "".join(f"{name} IS NOT NULL AND " for name in names if self.by)
        return f"{there}hash({hashed}) % {_BUCKETS} < {int(self.percent * _BUCKETS / 100)}"
