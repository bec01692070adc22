"""Tidegate runs MQTT data flows declared in the resource model of Azure IoT Operations.

What this package exports is promised to users; everything else may change. See docs/design.md.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
