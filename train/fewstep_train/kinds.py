"""The kinds of models: what a checkpoint and a manifest call them."""

CANVAS = "canvas"  # a network of discrete flow matching; the kind of a checkpoint that names none
AUTOREGRESSIVE = "autoregressive"
LLADA = "llada"
DREAM = "dream"
MASKED = (LLADA, DREAM)
