"""Every upstream file: where it comes from, how it is fetched, how its bytes are judged.

The registry (`sources.yaml`) names each file once. `obtain` looks for its bytes in the places that
may hold them and returns only verified ones; `deliver` puts them where a workflow wants them.
"""
