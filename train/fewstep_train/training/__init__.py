"""The training loop, its checkpoints, and what is made of them."""
