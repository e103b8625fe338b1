"""Who did what to what, from where, with which outcome: written once, chained so that tampering shows.

`trail.record` is how everybody else writes; `chain` says what an entry's seal covers, `anchor` keeps the newest seal
outside of the database, `verification` walks the chain. Depends on the users of `accounts` and on the request that is
being answered; exists so that an administrator can prove what happened.
"""
