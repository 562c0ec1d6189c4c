"""The meta-predictor: accuracy of an architecture on a dataset, from the dataset's images."""
