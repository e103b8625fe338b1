"""Microsoft Graph mail on the wire: what the local tenant answers under /v1.0.

Owns: paths, query options, permissions, JSON shapes and refusals of Graph. Depends on: the tenant's mail store,
directory and access tokens, and Starlette for HTTP. It exists so that a client meets Graph's own statuses,
codes and texts. One module an area, each with its `ROUTES`; what is in no table answers 501 and says so.
A comment `[?]` marks what Microsoft's documents do not settle; docs/tenant-coverage.md lists these.
"""
