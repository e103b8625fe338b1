"""A token source for each authentication mode.

Owns the way to an access token: Client Credentials with a secret or a certificate, through MSAL. Depends on
clouds, values, network and errors; knows nothing of mail. A token source has two methods, `get_token` and
`renew_token`, which is all that the wire to Graph needs of it.
"""
