"""Bicep: from files of the language to templates of Azure Resource Manager, and from resources to files.

Knows the language, its checks and its sentences about what is wrong. Does not know what a template makes (`templates`), what
resources mean, or files: whoever compiles hands over a reader.
"""
