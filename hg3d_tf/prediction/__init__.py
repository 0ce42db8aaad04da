"""Poses of people in photos and films: reading them, finding people, running any model.

Imports training, tflite, serving and what lies below.
"""
