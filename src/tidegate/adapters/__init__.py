"""Configurations of other programs turned into resources, with a note on each line that has no counterpart.

Knows those notations and the form of manifests. Does not know files, brokers that run, or how resources are checked.
"""
