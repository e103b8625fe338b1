"""The Credential Vault: lockers and credentials, and the envelope encryption that all secrets at rest go through.

Owns the keys (a master key wraps data keys, a data key encrypts values), the records that people keep their secrets
in, and who may use them. Depends on the accounts and the audit trail, and on `cryptography`; exists so that a copy
of the database gives no secret away, and so that a value once saved is shown to nobody again.
"""
