"""Which Postroom this is, and how it names itself to whom it asks."""

__version__ = "0.1.0"
USER_AGENT = f"Postroom/{__version__}"
