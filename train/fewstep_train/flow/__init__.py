"""Discrete flow matching: path, losses, solvers."""
