"""The console at `/console/`: pages for people, rendered on the server, with the rules, roles and units of the API."""
