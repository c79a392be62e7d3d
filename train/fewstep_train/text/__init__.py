"""Training text: a tokenizer, and crops of an encoded corpus."""
