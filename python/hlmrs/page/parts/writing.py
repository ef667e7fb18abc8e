"""What goes into a paper: words, a table, and the code that makes it again."""

from ..blocks import code as shown_code
from ..blocks import heading, shown
from ..subject import Subject


def prose(subject: Subject) -> str:
    """Write methods and results in words."""
    return heading("In words") + shown(subject.fit.text())


def latex(subject: Subject) -> str:
    """Write the table in LaTeX."""
    return heading("Table in LaTeX") + shown_code(subject.table(subject.fit).to_latex(), "Table in LaTeX")


def code(subject: Subject) -> str:
    """Write the code."""
    text = f"import hlmrs\n\nfit = {subject.call_of(subject.fit)}\nfit.report('report.html')"
    return heading("Code") + shown_code(text, "Code")
