"""The one import that chooses the Keras 2 API: tf-keras where TensorFlow brings Keras 3."""

try:
    import tf_keras as keras
except ImportError:
    import keras

__all__ = ["keras"]
