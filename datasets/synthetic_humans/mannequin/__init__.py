"""The mannequin: a body of ellipses along bones, made, dressed and posed from numbers alone.

May import what lies above, which it shares with `characters/`.
"""
