"""Targets and generators for fuzzing; each knows one way in. Does not know pytest."""
