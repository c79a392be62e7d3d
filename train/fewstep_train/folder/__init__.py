"""A model's folder, written and read."""
