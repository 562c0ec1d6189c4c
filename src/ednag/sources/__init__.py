"""Upstream files: where they come from, how they are fetched and verified.

The registry (`sources.yaml`) names each file once. `obtain` searches the places that may hold the
file and returns verified bytes only; `deliver` puts them at the path that a workflow needs.
"""
