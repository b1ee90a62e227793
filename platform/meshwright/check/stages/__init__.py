"""The stages of a check, each in a module of its own: see :mod:`meshwright.check.stage`."""
