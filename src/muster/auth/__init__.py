"""Authentication and authorization: users, passwords, tokens, roles and business units. No HTTP, no SQL."""
