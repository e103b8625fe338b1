"""Figures: how many runs and messages there were, and how long they took."""
