"""A study: its configuration, its seeds and blocks, its paths."""
