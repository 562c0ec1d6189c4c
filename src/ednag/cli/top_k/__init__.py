"""Choose the best of searches by prediction; judge them once they are trained."""
