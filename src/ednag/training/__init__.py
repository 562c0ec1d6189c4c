"""Training networks on images, for datasets without a benchmark table."""
