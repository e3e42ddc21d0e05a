"""Tests of the hand-written pages."""
