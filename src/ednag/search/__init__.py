"""Evolutionary denoising: fitness, mapping, denoising, mutation, selection, and the engines."""
