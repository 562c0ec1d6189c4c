"""Manuscripts that cite a study."""
