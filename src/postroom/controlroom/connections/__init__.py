"""OAuth connections: how to reach a provider, who may, and the tokens that are kept and refreshed for them."""
