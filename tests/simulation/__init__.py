"""Seeded worlds on a fake clock, in one thread and without sockets: publisher, broker, relay, broker, subscriber, ledger.

Both brokers are the real core, each on a disk of its own that has what its commits brought there; a kill throws the core away
and restores another one from the disk. What no core does to a relay (going beyond its Receive Maximum, refusals at whim,
CONNACKs that say something else each time, garbage) a hand does to the packets between link and core. The books hold each
core to its promises, the ledger and the oversight the relay to its own, after every step.

A world is made by its seed alone: `python -m tests.simulation.replay SEED` lives through it again and prints every packet.

Knows faults and invariants. Does not know how relay and core are built: it uses their public names, as `net/driver.py` and
`engine/broker_host.py` do; only a core's sessions are looked at, to see when one ends.
"""
