"""Great Expectations as this package uses it, imported in one place: it is slow to import and not quiet.

It uses deprecated modules, sends usage data unless told not to, and turns the warnings of the whole process
into log lines; none of that outlives this import. Everything beyond its documented surface that the platform
touches is named here. pyproject.toml pins the version.
"""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.core.expectation_suite import ExpectationSuite
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )
    from great_expectations.validator.validation_graph import ValidationGraph

__all__ = [
    "ExpectationConfiguration",
    "ExpectationSuite",
    "FailureSeverity",
    "SqlAlchemyBatchData",
    "SqlAlchemyExecutionEngine",
    "ValidationError",
    "ValidationGraph",
    "get_expectation_impl",
    "list_registered_expectation_implementations",
]
