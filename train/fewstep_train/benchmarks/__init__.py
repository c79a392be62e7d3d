"""What benchmarks compare a step with, and how it is timed in Python."""
