"""What runs inside a measured process: one file per package, which reads the data, fits, and says what it reached.

Each module has ``load(job)``, ``fit(job, data)`` and ``reached(job, fitted)``; ``fresh(job, data)``, where it is there,
makes anew, before each call and untimed, what ``fit`` works on.  None imports anything but its package.
"""
