"""The network: its layers, outputs, targets and one update of its weights by `hg3d_tf.losses`.

Takes batches of crops and knows nothing of files or datasets.
"""
