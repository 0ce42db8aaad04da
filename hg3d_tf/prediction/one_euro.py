"""The One-Euro filter (Casiez, Roussel & Vogel, CHI 2012): smooth when still, quick when moving."""

import math

import numpy as np


class OneEuroFilter:
    """Smooths arrays of one shape that arrive one after the other, at times of their own.

    Args:
      min_cutoff_hz: lower is smoother while nothing moves.
      beta: higher follows fast movement more closely; in 1 / the values' unit.
      derivative_cutoff_hz: smooths the speed.
    """

    def __init__(
        self, min_cutoff_hz: float = 1.0, beta: float = 0.01, derivative_cutoff_hz: float = 1.0
    ):
        self._min_cutoff, self._beta = min_cutoff_hz, beta
        self._derivative_cutoff = derivative_cutoff_hz
        self._value = self._speed = self._seconds = None

    def __call__(self, value: np.ndarray, seconds: float) -> np.ndarray:
        """Return the smoothed value; `seconds`, its time, must rise."""
        if self._value is None:
            self._value, self._speed = np.array(value, float), np.zeros_like(value, float)
        else:
            self._follow(value, seconds - self._seconds)
        self._seconds = seconds
        return self._value

    def _follow(self, value, step_s: float) -> None:
        speed = (value - self._value) / step_s
        self._speed = self._speed + _weight(self._derivative_cutoff, step_s) * (speed - self._speed)
        weight = _weight(self._min_cutoff + self._beta * np.abs(self._speed), step_s)
        self._value = self._value + weight * (value - self._value)


def _weight(cutoff_hz, step_s: float):
    radians = 2 * math.pi * cutoff_hz * step_s
    return radians / (radians + 1)
