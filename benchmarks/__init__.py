"""Measures muster as its users run it: over HTTP, against real databases."""
