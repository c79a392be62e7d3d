"""The evaluation harness (lm-eval) over a running service."""
