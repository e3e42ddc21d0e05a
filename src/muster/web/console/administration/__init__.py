"""Pages of users, tokens and code lists."""
