"""Where every number comes from: run records, the audit of them, chains, locks, crates.

Knows files, hashes and the registry of sources, and nothing of what the numbers mean.
"""
