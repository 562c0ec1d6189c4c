"""Check a study's configuration, print its schema."""
