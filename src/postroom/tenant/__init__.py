"""The local Microsoft 365 tenant: Entra ID and Microsoft Graph mail on the wire, in two clouds, on this machine alone.

It owns the listeners (one a cloud, and a CONNECT proxy that takes Microsoft's real host names here), the directory of
apps and users, the mailboxes, and the control endpoints that tests steer it with. It depends on Starlette, uvicorn,
trustme, joserfc and Jinja, and on no other room of Postroom, and only the command line and `postroom.testing` start it:
a mistake in the client can therefore never be cancelled out by the same mistake here.

It is strict. What Microsoft refuses it refuses, with Microsoft's status, code and text; what it does not emulate it
answers with 501 and the path.
"""
