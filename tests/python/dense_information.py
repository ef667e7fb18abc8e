"""The expected information by dense algebra over the rows: slow, and written as it stands in the books."""

import numpy as np


def dense_information(x, terms, covariances, sigma):
    """C, its slopes, and the covariance of the variance parameters; terms are z and the levels of the rows."""
    n = len(x)
    v, slopes = sigma**2 * np.eye(n), []
    for (z, codes), covariance in zip(terms, covariances, strict=True):
        indicator = codes[:, None] == np.unique(codes)
        for a in range(len(covariance)):
            for b in range(a, len(covariance)):
                e = (indicator * z[:, [a]]) @ (indicator * z[:, [b]]).T
                slope = e if a == b else e + e.T
                v += covariance[a, b] * slope
                slopes.append(slope)
    slopes.append(np.eye(n))
    inverse = np.linalg.inv(v)
    c = np.linalg.inv(x.T @ inverse @ x)
    p = inverse - inverse @ x @ c @ x.T @ inverse
    information = np.array([[np.trace(p @ s @ p @ t) / 2 for t in slopes] for s in slopes])
    return c, np.stack([c @ x.T @ inverse @ s @ inverse @ x @ c for s in slopes]), np.linalg.inv(information)


def satterthwaite(row, c, slopes, of_variances):
    """2 f² / Var(f) of f = l'Cl."""
    g = np.array([row @ slope @ row for slope in slopes])
    return 2 * (row @ c @ row) ** 2 / (g @ of_variances @ g)
