"""What each kind of masked diffusion makes of the outputs of its network."""

from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.masked.dream import dream_logits
from fewstep_train.masked.llada import llada_logits

LOGITS = {LLADA: llada_logits, DREAM: dream_logits}
