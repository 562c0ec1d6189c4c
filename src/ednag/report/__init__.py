"""The report: a folder of static pages on a finished study."""
