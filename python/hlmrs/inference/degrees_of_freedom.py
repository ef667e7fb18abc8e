"""stub"""

import numpy as np


def contrast_rows(estimate, L, ddf):
    V = estimate.core.vcov()
    v = L @ estimate.core.beta
    return (
        v,
        np.sqrt(np.einsum("ij,jk,ik->i", L, V, L)),
        np.full(len(L), np.inf if ddf == "normal" else estimate.layout.n_rows - len(estimate.core.beta)),
    )


def joint_test(estimate, L, ddf):
    V = estimate.core.vcov()
    v = L @ estimate.core.beta
    q = np.linalg.matrix_rank(L)
    return q, float(estimate.layout.n_rows - len(V)), float(v @ np.linalg.pinv(L @ V @ L.T) @ v / q)
