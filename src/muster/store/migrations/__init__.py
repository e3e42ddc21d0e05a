"""The migrations of the schema, run by `muster.store.schema.upgrade` and never by Alembic's own command."""
