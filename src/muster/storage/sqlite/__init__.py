"""SQLite: connections, customers, locks, checkpoints and backups."""
