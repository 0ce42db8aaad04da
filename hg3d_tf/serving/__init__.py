"""The served graph, from image bytes to joints, its description, and clients of a server.

Imports data and what lies below.
"""
