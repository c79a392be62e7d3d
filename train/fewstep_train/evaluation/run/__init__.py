"""What is measured of which system, and the records of it."""
