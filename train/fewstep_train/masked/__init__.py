"""Masked diffusion, LLaDA- and Dream-style."""
