"""The schema's migrations, run by `muster.storage.schema.upgrade` and never by the `alembic` command."""
