"""Who did what to what, from where, with which outcome: written once, chained so that tampering shows."""
