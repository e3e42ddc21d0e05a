"""Logs, metrics and traces. Needs no HTTP framework; `requests.RequestSummary` is what an application hands over."""
