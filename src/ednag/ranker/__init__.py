"""NAR, the neural architecture ranker: encodings, the ranker, its training, sampling and search."""
