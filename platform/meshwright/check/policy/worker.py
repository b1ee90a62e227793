"""Evaluates CEL in a process of its own, which can be ended: ``python -I worker.py``, JSON in, a JSON line a task out.

It imports nothing of the platform. In: ``{"shared": [value …], "tasks": [{"condition": text, "fixed": {name: value},
"contexts": [{name: index into shared} …]} …]}``. Out: ``["broken", message]`` where the condition cannot be compiled,
else ``["done", variables, functions, [true | false | [kind, message] …]]``.
"""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

MEMORY = 1 << 30
"""Bytes of address space."""


def main() -> None:
    """Answer every task in its turn, each at once."""
    _limit()
    # The library's own command line is a quarter of a second of imports, and is not used.
    sys.modules["cel.cli"] = ModuleType("cel.cli")
    import cel

    given = json.load(sys.stdin.buffer)
    for task in given["tasks"]:
        sys.stdout.write(json.dumps(_answer(cel, task, given["shared"])) + "\n")
        sys.stdout.flush()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the time limit holds there too
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(cel: Any, task: Any, shared: Any) -> list[Any]:
    try:
        program = cel.compile(task["condition"])
        variables, functions = sorted(program.variables()), sorted(program.functions())
    except Exception as error:  # noqa: BLE001  whatever the library raises is an answer
        return ["broken", str(error)]
    values = [_value(program, task["fixed"], c, shared) for c in task["contexts"]]
    return ["done", variables, functions, values]


def _value(program: Any, fixed: Any, context: Any, shared: Any) -> Any:
    try:
        found = program.execute({**fixed, **{name: shared[index] for name, index in context.items()}})
    except Exception as error:  # noqa: BLE001  whatever the library raises is an answer
        return [type(error).__name__, str(error)[:500]]
    return found if isinstance(found, bool) else ["NotBoolean", f"{type(found).__name__} {str(found)[:60]!r}"]


if __name__ == "__main__":
    main()
