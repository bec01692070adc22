"""The ways in which a bridge can lose, repeat or hold up messages, each with the tests named after it (`named_tests`)."""

__all__ = ["LATER", "MODES"]

MODES = {
    1: "the engine is killed at random instants under load",
    2: "the same while the destination is paused",
    3: "the source broker is restarted, with persistence",
    4: "the destination broker is restarted, with persistence",
    5: "a crash between the destination's PUBACK and ours to the source: one duplicate, no loss",
    6: "a crash between receiving a message and sending it: delivered again, no duplicate",
    7: "the network is cut without FIN, for less and for more than the keep alive",
    8: "a connection is reset in the middle of a packet",
    9: "half a packet, then silence",
    10: "one byte a second, at our own broker",
    11: "the source broker has lost the session: reported, subscribed anew, no old packet id acknowledged",
    12: "another client takes our client id: reported, not fought for",
    13: "two instances of a data flow, one of which dies",
    14: "packet ids wrap around past one that is never acknowledged; QoS 2 ids outlive their session",
    15: "resends: original packet ids, original order, DUP, before anything new, within Receive Maximum",
    16: "Receive Maximum is small, is lowered on reconnect, or ours is filled",
    17: "the PUBACK never comes though the connection lives",
    18: "a negative PUBACK",
    19: "a message larger than the destination's Maximum Packet Size",
    20: "a broker without retain, QoS 1, wildcards or shared subscriptions",
    21: "thousands of retained messages, an emptied one among them, and a session that resumes",
    22: "source and destination overlap on one broker",
    23: "certificates, keys and CAs are replaced, removed, expired or half-written",
    24: "a token is rotated, expired or unreadable",
    25: "a slow consumer at our own broker",
    26: "the disk of our own broker is full",
    27: "the wall clock jumps",
    28: "keep alive: the server's value, one-way traffic, none at all",
    29: "wills on disconnect and on takeover",
    30: "message expiry is counted down by the time a message waited",
    31: "resources are edited while messages flow",
    32: "random faults out of this list, seeded, with a ledger of every message",
    33: "acknowledgements that nobody asked for, or with too few codes",
    34: "a broker is unreachable, has no name, speaks no TLS, refuses the WebSocket",
    35: "a transformation fails for one message",
}

LATER = {
    35: "transformations",
}
"""Modes of parts that do not exist yet, and of which part."""
