"""Classic data sets of the field, with where they come from and their licences; two simulated ones.

``catalogue`` reads them, ``simulated`` makes the simulated ones when they are loaded.

>>> import hlmrs
>>> hlmrs.datasets.names()[:4]
['sleepstudy', 'Dyestuff', 'Dyestuff2', 'Penicillin']
>>> data = hlmrs.datasets.load("sleepstudy")
>>> print(hlmrs.datasets.describe("sleepstudy"))
sleepstudy: Reaction times of 18 subjects over ten days of sleep deprivation.
180 rows
  Reaction  numeric            average reaction time in a test, ms
  Days      numeric            days of sleep deprivation
  Subject   factor, 18 levels  the subject
Source: Belenky, G. et al. (2003). ...
Taken from: lme4 (GPL-2.0-or-later); also: MixedModelsDatasets, MIT
"""

from .catalogue import describe, load, names

__all__ = ["describe", "load", "names"]
