"""Fuzzing: random input to the intake and to the service, with oracles that decide whether the output is right."""
