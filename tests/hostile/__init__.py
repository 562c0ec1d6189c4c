"""Hostile, damaged and mixed files."""
