"""How TensorFlow makes graphs ready in tests: what they compute stays as it is."""


def leave_unoptimized() -> None:
    """Run graphs as they were traced, in a third less time where they run a few times only.

    Those of a test run once or twice; rewriting them first takes longer than that. What a user
    runs, `make smoke` runs with all of TensorFlow's rewriting.
    """
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
