"""Rendered mannequins with exact labels; needs no file from outside."""
