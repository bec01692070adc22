"""The core of an MQTT broker without I/O: routing, retained messages, sessions, queues, wills, access.

Knows what a server owes its clients and what must be on disk before it says so (`journal`).
Does not know sockets, clocks, files, credentials or the resource model: `engine.broker_host` brings them together.
"""
