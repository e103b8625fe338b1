"""Alerts: who wants to be told of which failures, and how."""
