"""Triggers: a bot runs for each mail that comes; seen by looking, or told of by Microsoft 365."""
