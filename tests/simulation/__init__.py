"""Seeded worlds on a fake clock, in one thread and without sockets: publisher, broker model, relay, broker model, ledger.

Knows faults and invariants. Does not know how the relay is built: it uses the relay's public names, as the driver does.
"""
