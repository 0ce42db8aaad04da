"""What a network is worth: predictions on a split, metrics, protocols by name, reports.

Imports data and what lies below.
"""
