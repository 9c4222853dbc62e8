"""Fixtures of the application's stand-in."""

from Testing.harness.simulated import app, simulated_study

__all__ = ["app", "simulated_study"]
