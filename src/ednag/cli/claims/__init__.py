"""Hold the paper's numbers and claims against the study's runs."""
