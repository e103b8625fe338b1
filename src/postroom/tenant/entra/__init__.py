"""Entra ID as clients and people meet it: discovery, keys, the sign-in pages, the token endpoint, access tokens' check.

It owns what Entra ID says on the wire, refusals included (`refusal_rows`); it depends on the directory, the consents,
the clock, joserfc and Jinja. One module a grant: a new grant is one module and one line in `token.GRANTS`. What is
handed out to come back (codes, refresh tokens, cookies) is sealed, so that no table of it has to be kept. What a person
comes to the pages for is an errand: a new one is one module and one line in `login.ERRANDS`.
"""
