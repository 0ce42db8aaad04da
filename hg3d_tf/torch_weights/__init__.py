"""Weights that others trained with PyTorch, read without PyTorch and given to our network.

Imports the network and the ground.
"""
