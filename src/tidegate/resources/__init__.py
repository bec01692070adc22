"""The declared world: endpoints, data flows, profiles, secrets and config maps as models, and how they are read and checked.

Knows the resource model, its wire form as Kubernetes manifests, where each field was written, and all rules about them.
Does not know files, connections or plans: it is given text, and gives resources and findings.
"""
