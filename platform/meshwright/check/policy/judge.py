"""Policies over products: what breaks them, and which of them are wrong themselves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meshwright.check.policy.fields import column_values, domain_values, port_values, product_values
from meshwright.check.policy.names import fault_at, offset_at, offset_of, unknown_names
from meshwright.check.policy.read import Policy
from meshwright.errors import Fault
from meshwright.spec.model import Column, Domain, Port, Product, Where

SECONDS = 20.0
"""How long all conditions together may take."""
_WORKER = Path(__file__).parent / "worker.py"


@dataclass(frozen=True, slots=True)
class Violation:
    """A product, a port or a column for which a policy does not hold."""

    policy: Policy
    product: Product
    port: Port | None = None
    column: Column | None = None

    @property
    def where(self) -> Where:
        """The place of what it does not hold for."""
        if self.column is not None:
            return self.column.where
        return self.port.contract.where if self.port is not None else self.product.where

    def fault(self) -> Fault:
        """What is wrong, and what to do about it."""
        name = "" if self.column is not None else f"{self.port.key if self.port else self.product.key}: "
        return self.where.fault(f"{name}{self.policy.message}", command=self.policy.remedy)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``judged`` counts what policies were evaluated on; ``faults`` are those of the policies in ``broken`` (ids)."""

    violations: tuple[Violation, ...]
    faults: tuple[Fault, ...]
    judged: int = 0
    broken: frozenset[str] = frozenset()


@dataclass
class _Task:
    """One policy with all that it is to be evaluated on: things of the mesh, and examples."""

    policy: Policy
    things: list[Violation] = field(default_factory=list)
    contexts: list[dict[str, int]] = field(default_factory=list)


@dataclass
class _Work:
    """What is sent: values that several contexts share are sent once."""

    shared: list[Any] = field(default_factory=list)

    def put(self, value: Any) -> int:
        self.shared.append(value)
        return len(self.shared) - 1


def judge(policies: Iterable[Policy], products: Iterable[tuple[Domain, Product]] = ()) -> Judgement:
    """Evaluate policies that are switched on over products, and over their own examples."""
    work, tasks = _Work(), [_Task(policy) for policy in policies if policy.enabled]
    for domain, product in products:
        for task, thing, context in _contexts(work, tasks, domain, product):
            task.things.append(thing)
            task.contexts.append(context)
    for task in tasks:
        for example in task.policy.examples:
            task.contexts.append({name: work.put(value) for name, value in example.values.items()})
    violations: list[Violation] = []
    faults: list[Fault] = []
    broken: set[str] = set()
    for task, answer in zip(tasks, _answers(tasks, work), strict=True):
        mine = list(_faults(task, answer))
        faults += mine
        if mine:
            broken.add(task.policy.id)
        else:
            violations += [t for t, holds in zip(task.things, answer[3], strict=False) if holds is False]
    return Judgement(tuple(violations), tuple(faults), sum(len(task.things) for task in tasks), frozenset(broken))


def _contexts(
    work: _Work, tasks: Sequence[_Task], domain: Domain, product: Product
) -> Iterator[tuple[_Task, Violation, dict[str, int]]]:
    """Every task with everything of a product that its policy is for."""
    base = {"domain": work.put(domain_values(domain)), "product": work.put(product_values(product))}
    by_target = {target: [t for t in tasks if t.policy.target == target] for target in ("product", "port", "column")}
    for task in by_target["product"]:
        yield task, Violation(task.policy, product), base
    for port in product.ports:
        if by_target["port"]:
            of_port = {**base, "port": work.put(port_values(port, "port"))}
            for task in by_target["port"]:
                yield task, Violation(task.policy, product, port), of_port
        if by_target["column"]:
            around = {**base, "port": work.put(port_values(port, "column"))}
            for column in port.contract.columns:
                of_column = {**around, "column": work.put(column_values(column))}
                for task in by_target["column"]:
                    yield task, Violation(task.policy, product, port, column), of_column


def _answers(tasks: Sequence[_Task], work: _Work) -> list[Any]:
    """The worker's answers, a task each; one that kills the worker is answered for, and the rest asked again."""
    answers: list[Any] = []
    while len(answers) < len(tasks):
        left = tasks[len(answers) :]
        found, ended = _asked(left, work)
        answers += found
        if len(found) < len(left):
            answers.append(["broken", ended])
    return answers


def _asked(tasks: Sequence[_Task], work: _Work) -> tuple[list[Any], str]:
    """Answers as far as the worker came, and how it ended."""
    given = {
        "shared": work.shared,
        "tasks": [
            {"condition": t.policy.condition, "fixed": {"params": dict(t.policy.params)}, "contexts": t.contexts}
            for t in tasks
        ],
    }
    command = [sys.executable, "-I", str(_WORKER)]
    try:
        done = subprocess.run(
            command, input=json.dumps(given).encode(), capture_output=True, timeout=SECONDS, check=False
        )
        said, ended = done.stdout, f"evaluating it ended the process ({_last(done.stderr) or done.returncode})"
    except subprocess.TimeoutExpired as error:
        said, ended = error.stdout or b"", f"it was not evaluated within {SECONDS:.0f} s"
    return [json.loads(row) for row in said.split(b"\n")[:-1]], ended


def _last(said: bytes) -> str:
    rows = said.decode(errors="replace").strip().splitlines()
    return rows[-1][:200] if rows else ""


def _faults(task: _Task, answer: Any) -> Iterator[Fault]:
    """What is wrong with a policy: its syntax, its names, its values, its examples; the first kind that there is."""
    policy = task.policy
    if answer[0] == "broken":
        yield _broken(policy, answer[1])
        return
    _, variables, functions, values = answer
    unknown = list(unknown_names(policy.condition, policy.target, policy.params, variables, functions))
    for name, reason, near in unknown:
        yield fault_at(policy.place, policy.condition, offset_of(policy.condition, name), reason, near)
    if unknown:
        return
    for i, value in enumerate(values):
        if not isinstance(value, bool):
            yield _failed(policy, value, _named(task.things[i]) if i < len(task.things) else "an example")
            return
    for example, value in zip(task.policy.examples, values[len(task.things) :], strict=True):
        if value is not example.passes:
            said = "passes" if value else "fails"
            reason = f"this example of {policy.id} {said}, and stands under `{'pass' if example.passes else 'fail'}`"
            yield example.where.fault(reason)


def _named(thing: Violation) -> str:
    if thing.column is not None and thing.port is not None:
        return f"{thing.port.key}.{thing.column.name}"
    return thing.port.key if thing.port else thing.product.key


def _broken(policy: Policy, said: str) -> Fault:
    found = re.search(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?(.*)", said)
    if found is None:
        return fault_at(
            policy.place, policy.condition, None, f"the condition of {policy.id} cannot be used: {said[:200]}"
        )
    offset = offset_at(policy.condition, int(found[1]), int(found[2]))
    told = re.sub(r" expecting \{.*", "", found[3])
    return fault_at(policy.place, policy.condition, offset, f"the condition of {policy.id} is no CEL: {told}")


def _failed(policy: Policy, error: Sequence[str], on: str) -> Fault:
    """An evaluation that came to no answer, told at the name that it was about where it says one."""
    kind, said = error[0], " ".join(error[1].split()).removesuffix(" Check function arguments and their types.")
    named = re.search(r"'(\w+)'", said)
    offset = offset_of(policy.condition, named[1]) if named else None
    told = {"NotBoolean": "gives {} and not true or false", "KeyError": "looks for {}, which is not there"}
    reason = told.get(kind, "cannot be evaluated: {}").format(said)
    return fault_at(policy.place, policy.condition, offset, f"the condition of {policy.id} {reason} (on {on})")
