"""Entra ID as clients meet it: discovery, keys, the token endpoint and the check of access tokens.

It owns what Entra ID says on the wire, refusals included; it depends on the directory, the clock and joserfc. One
module a grant: a new grant is one module and one line in `token.GRANTS`.
"""
