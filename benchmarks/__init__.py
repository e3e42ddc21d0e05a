"""Measures muster over HTTP on real databases, next to upper bounds and baselines."""
