"""Pages that load a file: upload, preview, mapping, dry run."""
