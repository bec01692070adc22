"""The middle of a data flow: what happens to one message between its two brokers.

Knows one message and the declared transformation, compiled once to a closure.
Does not know connections, deliveries, acknowledgements or where the transformation was written.
"""
