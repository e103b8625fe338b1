"""The Control Room: where people keep connections and credentials, and decide who may use them.

A Django project of apps: `accounts` (users, roles, permissions, devices), `vault` (lockers and credentials),
`connections` (OAuth connections and their tokens), `audit` (who did what). Each app owns its models, its pages and
its part of the API; this package owns what they share: the settings, the site, the API and the server. Depends on
the rooms below; exists so that a bot never holds more than an access token.
"""
