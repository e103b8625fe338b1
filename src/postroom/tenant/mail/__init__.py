"""The mail store of the local tenant: what is in the mailboxes of one cloud.

Owns: folders, messages and attachments in one SQLite file, their contents in files named by hash, the reading
and writing of MIME, ingestion of .eml files and delivery between mailboxes. Depends on: the tenant's clock and
directory, and Python's `email`. It exists so that the Graph layer only translates: it knows nothing of HTTP, and
nothing of any client of ours.
"""
