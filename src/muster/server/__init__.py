"""The process side of the HTTP server: listening socket, TLS, workers, signals, shutdown."""
