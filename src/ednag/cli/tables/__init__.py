"""Build benchmark tables from verified source files."""
