"""Policies of a mesh: rules in CEL over products, ports and columns, with examples and recorded exceptions.

:mod:`fields` says what a condition can see, :mod:`read` makes policies from files, :mod:`judge` evaluates them in a
process of their own (:mod:`worker`), :mod:`exemptions` are what products record against them. ``pack/`` holds those
that every mesh begins with.
"""
