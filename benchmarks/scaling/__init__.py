"""The capacity plan: what a customer costs, measured, and a model of larger layouts that is fed with it.

`python -m benchmarks.scaling` renders the tables of docs/scaling.md; a test fails when they are stale.
`python -m benchmarks.scaling.measure` measures again and writes `figures.json`, in some ten minutes.
"""
