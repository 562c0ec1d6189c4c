"""One claim, table or figure at a time: what it costs, its verdict and chain; the appendix."""
