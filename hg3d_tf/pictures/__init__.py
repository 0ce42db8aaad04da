"""Poses and results to look at: drawings, pages to turn, tables.

Knows skeletons and numbers, nothing of networks; imports only the ground.
"""
