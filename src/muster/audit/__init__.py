"""Who did what: the entries of the audit log and the chain that shows when one is missing. No SQL."""
