"""Contract to rules to verdicts: what a port promises, and whether a state of it keeps the promise."""

from meshwright.quality.audit import audit, refused
from meshwright.quality.model import Rule, Verdict
from meshwright.quality.rules import audit_key, rules_of

__all__ = ["Rule", "Verdict", "audit", "audit_key", "refused", "rules_of"]
