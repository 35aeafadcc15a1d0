"""Conductors: one readable file per loop."""
