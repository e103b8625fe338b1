"""The Control Room as a device sees it: access tokens and credentials over its API.

Owns the client of the API and the API key that `postroom login` keeps in the keychain. Depends on values, network and
errors; exists so that a bot on somebody's desk uses connections and credentials that it never holds.
"""
