"""The HTTP server: gunicorn's processes and ASGI worker, and the bounds that gunicorn leaves to its user.

`application.run` serves; decision 0012 says why gunicorn, and which of its public seams are used.
"""
