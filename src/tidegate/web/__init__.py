"""HTTP APIs of the console: the shape of Azure Resource Manager over the same resources that files and commands declare.

Knows requests, answers and who may send them. Does not know what a resource means, and runs in a process of its own, so that
nothing here can delay a message.
"""
