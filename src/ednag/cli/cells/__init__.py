"""FLOPs and parameters of cells as a dataset; the cells of NAS-Bench-101."""
