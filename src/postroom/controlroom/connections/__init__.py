"""OAuth connections: how tokens are got from a provider, who may use them, and the tokens themselves.

Owns the connections with their secrets, the sign-ins of people at a provider (`sign_ins`, `round_trip`), the tokens
(`grants` speaks to providers, `tokens` keeps and refreshes), what is tested and warned of, its pages and its part
of the API. Depends on `accounts`, `vault` and `audit`, on `auth`, and on the legs of `outlook.doctor`; exists so
that bots get access tokens, and secrets and refresh tokens stay here.
"""
