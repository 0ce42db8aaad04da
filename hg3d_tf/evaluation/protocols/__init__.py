"""How a dataset's papers measure: a module for each protocol, and their registry by name.

Imports the metrics beside it, data and what lies below.
"""
