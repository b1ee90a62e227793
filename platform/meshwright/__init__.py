"""Meshwright: a self-serve data mesh on Dagster."""
