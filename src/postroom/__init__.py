"""Postroom: an open Control Room for Microsoft 365 Outlook automation."""

__version__ = "0.1.0"
