"""From prepared datasets to batches: the schema, the ops on a sample, the mixing of datasets.

Imports the network's targets, pictures and the ground; the builders are in `datasets/`.
"""
