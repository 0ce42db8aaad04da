"""Rendered people with exact labels: what the mannequin and the characters share, the builder.

What is shared imports neither `mannequin/` nor `characters/`; the builder imports both.
"""
