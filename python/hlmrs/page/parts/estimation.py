"""How the model was estimated, and whether that worked."""

import platform

from ...version import package_version
from ..blocks import heading, listed, paragraph, sections, shown
from ..subject import Subject


def facts(subject: Subject) -> str:
    """State what was fitted."""
    report = subject.fit.summary()
    return paragraph(f"{report.title}.") + sections(report.sections[:1], "What was fitted")


def verdict(subject: Subject) -> str:
    """Say whether the optimum was found."""
    return heading("Convergence") + shown(subject.fit.verdict)


def software(subject: Subject) -> str:
    """Name software and versions."""
    used = [f"hlmrs {package_version()}", f"Python {platform.python_version()}", platform.platform(terse=True)]
    return heading("Software") + listed(used)
