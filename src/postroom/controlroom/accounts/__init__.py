"""Who may come in, and what they may do: users, roles, permissions in words, devices with their API keys."""
