"""Deployed bots: their files, their versions, the folder that they may come from, and their pages."""
