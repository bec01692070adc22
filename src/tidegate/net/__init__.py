"""The asyncio edge towards brokers: streams, how they are opened, and how a relay is driven over them.

Knows sockets, TLS handshakes, WebSocket upgrades, tasks and the clock.
Does not know packets, resources or where credentials come from: it is handed a plan and an SSLContext.
"""
