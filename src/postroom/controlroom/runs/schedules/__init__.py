"""Schedules: what is begun at which times."""
