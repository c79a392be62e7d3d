"""The step sizes that a few-step network is told, as FS-DFM publishes them."""

STEP_SIZES = [2.0**-i for i in range(11)]  # 1, 1/2, ..., 1/1024
TINY_STEP = STEP_SIZES[-1]  # tells a few-step network that the instantaneous posterior is wanted
