"""Measurements of speed, a module each: `measure(settings) -> dict` of numbers, nested by part."""
