"""TensorFlow Lite files of a network: how they are made, written, run and judged.

Imports serving, evaluation and what lies below.
"""
