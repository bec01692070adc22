"""One data flow as a pure machine: bytes from two brokers in, bytes for two brokers out.

Knows deliveries, the promise, reason code policy and the accounting equation.
Does not know sockets, clocks, resources, secrets or how anything is shown.
"""
