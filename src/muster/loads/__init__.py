"""Loads: files of any size, read row by row, mapped to customers, and taken in by the intake in chunks."""
