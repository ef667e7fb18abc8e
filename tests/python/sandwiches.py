"""Robust covariances by dense algebra, from X, residuals and the working covariance."""

import numpy as np


def power(a, p):
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    good = values > 1e-12 * values.max()
    return (vectors[:, good] * values[good] ** p) @ vectors[:, good].T


def sandwich_of(x, e, v, codes, kind):
    """Return the covariance, and Satterthwaite's df of every coefficient, as they are defined."""
    w = np.linalg.inv(v)
    m = np.linalg.inv(x.T @ w @ x)
    hat = np.eye(len(x)) - x @ m @ x.T @ w
    meat, vectors = np.zeros_like(m), []
    for j in np.unique(codes):
        own = codes == j
        phi, xj, wj = v[np.ix_(own, own)], x[own], w[np.ix_(own, own)]
        if kind == "CR2":
            d = np.linalg.cholesky(phi).T
            a = d.T @ power(d @ (phi - xj @ m @ xj.T) @ d.T, -0.5) @ d
        elif kind == "CR3":
            a = np.linalg.inv(np.eye(own.sum()) - xj @ m @ xj.T @ wj)
        else:
            a = np.eye(own.sum())
        score = xj.T @ wj @ a @ e[own]
        meat += np.outer(score, score)
        vectors.append(hat[own].T @ (a.T @ wj @ xj @ m))
    df = []
    for k in range(x.shape[1]):
        p = np.stack([vector[:, k] for vector in vectors], axis=1)
        products = p.T @ v @ p
        df.append(np.trace(products) ** 2 / np.sum(products**2))
    return m @ meat @ m, np.array(df)
