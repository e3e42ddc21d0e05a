"""Classifiers, which are lists of codes: those of ISO from a library, the installation's own from the store."""
