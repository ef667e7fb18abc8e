"""Inference timed beside R: ``python -m benches.inference``."""
