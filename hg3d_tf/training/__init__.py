"""One stage of training: configuration, state, loop, devices, guards, and what is seen of it.

Imports evaluation and what lies below.
"""
