"""How TensorFlow makes graphs ready in tests: what they compute stays as it is."""


def leave_unoptimized() -> None:
    """Run graphs as they were traced: those of a test run so seldom that rewriting takes longer.

    What tests start by `commands.run`, the notebooks, and the README's commands in `make smoke`
    run as for a user, with all of TensorFlow's rewriting.
    """
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
