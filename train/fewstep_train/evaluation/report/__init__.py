"""What readers see of the records."""
