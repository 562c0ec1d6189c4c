"""Draw a figure, and write the CSV it is drawn from beside it."""
