"""What is measured of texts and of networks."""
