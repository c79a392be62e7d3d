"""The networks, and what follows from their shapes."""
