"""What writes texts: the systems that are compared."""
