"""The network: its layers, outputs, targets, losses and one update of its weights.

Takes batches of crops and knows nothing of files or datasets; imports only the ground.
"""
