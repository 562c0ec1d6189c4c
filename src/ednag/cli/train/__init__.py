"""Train the networks of chosen architectures."""
