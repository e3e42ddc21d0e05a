"""Fault injection under load: no acknowledged customer is lost, and no batch is saved in part."""
