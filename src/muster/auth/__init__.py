"""Who may do what: users, their passwords and tokens, roles and business units. No HTTP, no SQL."""
