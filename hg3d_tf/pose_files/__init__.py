"""Poses as files that other tools open: read, put in place, turned into bones and angles, written.

A module a format, `formats` before them all. Knows skeletons and numbers, nothing of networks or
pictures; imports only the ground. Libraries of formats (extra `formats`) are imported where used.
"""
