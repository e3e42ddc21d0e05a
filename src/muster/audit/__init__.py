"""The audit log: events, entries, and the hash chain that reveals changed or missing entries. No SQL."""
