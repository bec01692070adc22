"""Templates of Azure Resource Manager: what a deployment would make of one, computed here.

Knows the language of templates: parameters, variables, expressions, functions, copies, conditions, nested deployments. Gives
evaluated resources with the place of every value, and findings. Does not know which resources exist, what they mean
(`resources`), Bicep, files or Azure: what it asks of those is an argument.
"""
