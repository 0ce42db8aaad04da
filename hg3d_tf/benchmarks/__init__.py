"""Measurements of speed, a module each: `measure(settings) -> dict` of numbers, nested by part.

May import every other package; only the command `benchmark` imports it.
"""
