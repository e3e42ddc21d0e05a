"""PostgreSQL: connections, customers, binary COPY."""
