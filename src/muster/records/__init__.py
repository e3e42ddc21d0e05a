"""Reading accepted customers, batches and their results, and retention. No SQL."""
