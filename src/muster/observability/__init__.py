"""Logs, metrics and traces: how the service is observed. No HTTP framework, no SQL."""
