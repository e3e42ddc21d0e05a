"""muster: takes customers into an anti-money-laundering system in batches."""
