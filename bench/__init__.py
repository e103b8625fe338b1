"""Measures Postroom beside python-o365 and beside the least that any client could do.

Owns the server of ready-made bytes, the three clients, the scenarios, the targets and the table in
`docs/performance.md`. Depends on `postroom` as its users do, through the public API only. It exists so that "fast" is a
number that anyone can make again with `make bench`, misses included.

    scenarios   what is measured, and of whom
    readymade   the answers, built before the clock starts
    server      sends them: CONNECT proxy, TLS and HTTP in a process of its own
    clients     one small program a client, each run in a fresh process
    runs        one measured run, its checks, and the order of all of them
    targets     what was promised, and whether it was reached
    table       the results as people read them
    tokens      the throughput of the Control Room's tokens, by `make throughput`
    tenant      start, lists and memory of the local tenant, by `make tenancy`
    machine     cores, versions, the environment of python-o365
"""
