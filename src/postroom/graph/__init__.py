"""The wire to Microsoft Graph: client, paging, batch, limits, retries, errors, and the mail operations.

Owns how a request reaches a mailbox and what may be repeated: 429 is obeyed on every verb, 503 and 504 only
where a repeat does no harm, and nothing that is not safe to repeat is repeated unless a look has shown that
it was not done. Depends on clouds, values, network and errors; names operations as Microsoft does. Every
request names its mailbox and asks for immutable ids.
"""
