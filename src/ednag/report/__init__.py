"""The report: a folder of static pages on a finished study, made of its own files."""
