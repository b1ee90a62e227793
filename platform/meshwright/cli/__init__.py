"""The ``mesh`` command: it parses, calls and prints. stdout is data and nothing else."""

from meshwright.cli.app import main

__all__ = ["main"]
