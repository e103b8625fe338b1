"""The Credential Vault: lockers and credentials, and the envelope encryption that all secrets at rest go through."""
