"""Chains of four layers: a search space and a table."""
