"""Baselines: services that do the same job, or a part of it, in other ways."""
