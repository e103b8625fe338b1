"""A token source for each authentication mode.

Owns the way to an access token, through MSAL: Client Credentials with a secret or a certificate; delegated access
for a person who signs in (`sign_in`: browser, link, device code) and whose tokens are kept encrypted between runs
(`token_store`). Depends on clouds, values, network and errors; knows nothing of mail. A token source has two
methods, `get_token` and `renew_token`, which is all that the wire to Graph needs of it.
"""
