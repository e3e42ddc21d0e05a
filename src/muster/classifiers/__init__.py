"""Code lists: the ISO ones from a library, the installation's own from the store."""
