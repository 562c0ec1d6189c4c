"""The origin of every number: run records, their audit, chains, locks and crates.

This part knows files, checksums and the registry of sources, but not what the numbers mean.
"""
