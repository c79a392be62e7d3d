"""Training kit of fewstep: make, distil, export and import few-step discrete-flow-matching models."""
