"""Change notifications: who subscribed to which messages, what is to be told, and its delivery to receivers.

It owns the subscriptions and the outbox, which lie in the mail store's database and so survive a restart, and the
thread that delivers, which runs from the first subscription on. It depends on the mail store and its changes, and on
the clock; what Graph makes of a subscription on the wire is in `postroom.tenant.graph.subscriptions`.
"""
