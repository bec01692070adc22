"""What the integration tests are made of: brokers, engines, faults, and a ledger that judges.

Knows real processes and sockets, and MQTT 5 as bytes (the codec `mqtt5`, or paho-mqtt where an independent opinion counts).
Does not know anything of `tidegate` but its command line, `/status` and what it writes to standard error.
"""
