"""The HTTP application: authenticates, reads requests, and turns results and errors into responses."""
