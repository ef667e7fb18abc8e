"""What runs inside a measured process: one file per package, which reads the data, fits, and says what it reached.

Each module has ``load(job)``, ``fit(job, data)`` and ``reached(job, fitted)``; none imports anything but its package.
"""
