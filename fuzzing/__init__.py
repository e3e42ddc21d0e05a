"""Fuzzing: whatever comes in, bytes to the intake or requests to the service, gets an answer, and the right one."""
