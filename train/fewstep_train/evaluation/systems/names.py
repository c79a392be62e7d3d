"""Systems by the names that reports use."""

from fewstep_train.kinds import DREAM, LLADA

MODEL, DFM, AUTOREGRESSIVE_NAME = "FS-DFM", "DFM", "autoregressive"
NAMES = {LLADA: "LLaDA-style", DREAM: "Dream-style"}
