"""What cells cost: multiply-adds and parameters by formula, for whole search spaces at once."""
