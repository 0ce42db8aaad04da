"""The One-Euro filter (Casiez, Roussel & Vogel, CHI 2012): smooth when still, quick when moving."""

import math

import numpy as np


class OneEuroFilter:
    """Smooths arrays of one shape that arrive one after the other.

    Args:
      rate_hz: how many arrive each second.
      min_cutoff_hz: lower is smoother while nothing moves.
      beta: higher follows fast movement more closely; in 1 / the values' unit.
      derivative_cutoff_hz: smooths the speed.
    """

    def __init__(
        self,
        rate_hz: float,
        min_cutoff_hz: float = 1.0,
        beta: float = 0.01,
        derivative_cutoff_hz: float = 1.0,
    ):
        self._rate, self._min_cutoff, self._beta = rate_hz, min_cutoff_hz, beta
        self._derivative_weight = self._weight(derivative_cutoff_hz)
        self._value = self._speed = None

    def __call__(self, value: np.ndarray) -> np.ndarray:
        """Return the smoothed value."""
        if self._value is None:
            self._value, self._speed = np.array(value, float), np.zeros_like(value, float)
            return self._value
        speed = (value - self._value) * self._rate
        self._speed = self._speed + self._derivative_weight * (speed - self._speed)
        weight = self._weight(self._min_cutoff + self._beta * np.abs(self._speed))
        self._value = self._value + weight * (value - self._value)
        return self._value

    def _weight(self, cutoff_hz):
        radians = 2 * math.pi * cutoff_hz / self._rate
        return radians / (radians + 1)
