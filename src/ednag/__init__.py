"""EDNAG and NAR as a reproducible workflow: search spaces, benchmark tables, methods, evidence."""

__version__ = "0.1.0"
