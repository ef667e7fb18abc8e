"""What is asked, of which data: question and model, design, variables."""

from ..blocks import heading, left_to_author, listed, paragraph, shown
from ..subject import Subject, column


def question(subject: Subject) -> str:
    """Ask for the question."""
    return left_to_author(f"state the question that this model of {subject.response} answers.")


def formula(subject: Subject) -> str:
    """Return the formula."""
    return paragraph(f"Formula: {subject.fit.formula.strip()}")


def equations(subject: Subject) -> str:
    """Return the equations of the levels."""
    return heading("Equations") + shown(subject.fit.equations())


def random_coefficients(subject: Subject) -> str:
    """List the random coefficients."""
    table = subject.fit.varcorr()
    names = zip(column(table, "group"), column(table, "term1"), column(table, "term2"), strict=True)
    of_groups = [own for own in names if own[0] in subject.groups]
    random = [f"{term} varies between units of {group}" for group, term, pair in of_groups if not _has(pair)]
    if not random:
        return ""
    why = left_to_author("say why these coefficients are random, and others are not.")
    return heading("Random coefficients") + listed(random) + why


def _has(name: object) -> bool:
    """Whether there is a name: a variance has no second one, which frames write as they write missing texts."""
    return isinstance(name, str) and name != ""


def levels(subject: Subject) -> str:
    """Show the levels of the data."""
    if subject.description is None:
        groups = [f"{name}: {n:,} units" for name, n in subject.fit.n_groups.items()]
        return listed([*groups, f"{subject.fit.nobs:,} rows"])
    return shown(subject.description)


def sampling(subject: Subject) -> str:
    """Ask how units were sampled."""
    return left_to_author("say how the units of each level were sampled, when, and with which weights if any.")


def variables(subject: Subject) -> str:
    """Name the variables."""
    names = ", ".join(subject.variables) or "none"
    notes = [line for section in subject.fit.summary().sections for line in getattr(section.content, "lines", ())]
    coded = [line for line in notes if isinstance(line, str) and line.startswith("Reference levels")]
    return paragraph(f"Response: {subject.response}. Predictors: {names}.") + "".join(map(paragraph, coded))


def rows(subject: Subject) -> str:
    """Count the rows that were used."""
    facts = dict(subject.fit.summary().sections[0].content.lines)
    return paragraph(f"Rows used: {facts.get('Rows', f'{subject.fit.nobs:,}')}.")


def missing(subject: Subject) -> str:
    """Ask why values are missing, where rows were dropped for them."""
    if "dropped" not in rows(subject):
        return paragraph("No row was dropped for missing values.")
    return left_to_author("say why values are missing, and whether leaving these rows out can bias the results.")
