"""A study: its configuration, and what follows from it before anything is run.

Which benchmarks, seeds and blocks, methods, source files, trainings and rankings there are, what
code each job depends on. The rules in `rules/` wire this to commands; nothing here runs or fetches.
"""
