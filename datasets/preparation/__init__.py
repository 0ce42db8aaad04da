"""What the builders of the real datasets share; nothing here imports TensorFlow but the builder."""
