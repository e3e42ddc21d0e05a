"""Faults under load: whatever dies, an acknowledged customer is there and no batch is there by half."""
