"""The migrations of the schema, run by `muster.storage.schema.upgrade` and never by Alembic's own command."""
