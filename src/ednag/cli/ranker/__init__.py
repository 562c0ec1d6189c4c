"""Train NAR's ranker and plainer predictors, and judge how they rank unseen cells."""
