"""Markers of this folder."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register `slow`; a line in pyproject.toml would do as well."""
    config.addinivalue_line("markers", "slow: takes more than 20 s")
