"""What the engine shows of itself: log lines, metrics, and the plain values behind `/status`.

Knows events, figures and how they are written.
Does not know sockets, processes, or who asks.
"""
