"""python -m fewstep_train COMMAND: a module each."""
