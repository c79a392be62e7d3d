"""Checkpoints that others published."""
