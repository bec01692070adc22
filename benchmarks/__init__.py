"""Tidegate beside mosquitto's own bridge, in one run, in turn, as medians and ratios.

Knows real processes, sockets, and how long and how much processor time they took. Knows nothing of `tidegate` but its
command line, and the pure `Relay` for the one figure that has no sockets. `python -m benchmarks --help` says the rest.
"""
