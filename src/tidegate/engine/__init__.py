"""What should run, running: flows in this process and in workers, files watched, status shown.

Knows asyncio, processes, the data directory and when to try again.
Does not know packets, wire forms of resources, or the command line.
"""
