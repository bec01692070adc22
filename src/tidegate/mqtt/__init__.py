"""MQTT 5 without I/O: bytes in, events out, bytes out.

Knows packets, sessions and the rules of one Network Connection; each mutation is followed by a full drain of output.
Does not know sockets, clocks, data flows or what a message is for.
"""
