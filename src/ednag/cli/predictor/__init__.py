"""Train and judge the meta-predictor, which reads a dataset and an architecture."""
