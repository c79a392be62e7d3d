"""When a canvas has settled: the rule by which the service's early finish stops."""

import numpy as np


def expected_changes(
    tokens: np.ndarray, editable: np.ndarray, confidence: np.ndarray, mask_token_id: int | None, a: float
) -> np.ndarray:
    """Expected changes before the last step, as a share of the editable positions: [B]. Arrays are [B, L].

    If the posterior p stays as it is and the steps up to the last integrate to the jump exponent
    a = ln(1 - kappa(t)) - ln(1 - kappa(t')), t' where the last step begins: a masked position changes surely, any
    other with probability 1 - exp(-a (1 - p(z))), p(z) its `confidence`.
    """
    masked = tokens == (-1 if mask_token_id is None else mask_token_id)
    changes = np.where(masked, 1.0, 1.0 - np.exp(-a * (1.0 - confidence)))
    return (changes * editable).sum(1) / np.maximum(editable.sum(1), 1)
