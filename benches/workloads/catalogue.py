"""The workloads, from the smallest to the largest."""

from functools import partial

from .classics import classic, schools_in_areas
from .crossed import clusters_of_taste, long_tail
from .maximal import maximal
from .nested import classes_in_schools, groups, groups_on_disk
from .responses import many_responses
from .thin import few_ratings, nearly_nested, regions
from .workload import Workload

_ALL = (
    Workload(
        name="sleepstudy",
        about="180 rows, 18 subjects",
        formula="Reaction ~ Days + (Days | Subject)",
        make=partial(classic, "sleepstudy"),
        goal=0.5e-3,
    ),
    Workload(
        name="penicillin",
        about="144 rows, 24 plates x 6 samples",
        formula="diameter ~ 1 + (1 | plate) + (1 | sample)",
        make=partial(classic, "Penicillin"),
        goal=0.5e-3,
    ),
    Workload(
        name="machines",
        about="54 rows, 6 workers, a factor's slopes",
        formula="score ~ Machine + (Machine | Worker)",
        make=partial(classic, "Machines"),
        reml=True,
    ),
    Workload(
        name="hsb82",
        about="7,185 pupils in 160 schools, a slope near its boundary",
        formula="mAch ~ sector * cses + meanses * cses + (cses | school)",
        make=partial(classic, "Hsb82"),
        reml=True,
        goal=4e-3,
    ),
    Workload(
        name="egsingle",
        about="7,230 rows, 1,721 children in 60 schools, slopes at both levels",
        formula="math ~ year * lowinc + (year | childid) + (year | schoolid)",
        make=partial(classic, "egsingle"),
        nesting=("schoolid", "childid"),
    ),
    Workload(
        name="verbagg",
        about="7,584 rows, 316 persons x 24 items",
        formula="y ~ Anger + Gender + btype * situ + (1 | id) + (1 | item)",
        make=partial(classic, "VerbAgg"),
    ),
    Workload(
        name="chem97",
        about="31,022 rows, 2,410 schools in 131 areas (the shape of Chem97)",
        formula="score ~ gcsecnt + (1 | school) + (1 | lea)",
        make=schools_in_areas,
        goal=8e-3,
        levels=("school", "lea"),
        nesting=("lea", "school"),
    ),
    Workload(
        name="insteval-28",
        about="73,421 rows, 2,972 students x 1,128 lecturers, 28 fixed effects",
        formula="y ~ service * dept + (1 | s) + (1 | d)",
        make=partial(classic, "InstEval"),
        goal=0.2,
        after="verbagg",
    ),
    Workload(
        name="insteval-four",
        about="73,421 rows, four random terms",
        formula="y ~ 1 + (1 | s) + (1 | d) + (1 | dept) + (1 | dept:service)",
        make=partial(classic, "InstEval"),
        goal=0.35,
        after="insteval-28",
    ),
    Workload(
        name="maximal",
        about="37,623 rows, 60 subjects x 80 items, 20 covariance parameters",
        formula="y ~ 1 + A * B + (1 + A * B | subj) + (1 + A * B | item)",
        make=maximal,
        goal=0.12,
        levels=("subj", "item"),
    ),
    Workload(
        name="nested-1m",
        about="1,000,000 rows, 50,000 classes in 5,000 schools, slopes at both levels",
        formula="y ~ x1 + x2 + x3 + x4 + x5 + (1 + x1 | school) + (1 + x1 | class)",
        make=classes_in_schools,
        goal=0.6,
        levels=("school", "class"),
        nesting=("school", "class"),
    ),
    Workload(
        name="crossed-1m",
        about="1,000,000 rows, 100,000 users x 5,000 items, long tail",
        formula="y ~ x1 + x2 + (1 | user) + (1 | item)",
        make=partial(long_tail, 1_000_000, 100_000, 5_000),
        goal=3.0,
        levels=("user", "item"),
        after="insteval-28",
    ),
    Workload(
        name="near-nested",
        about="300,000 rows, 100,000 students x 20,000 teachers in 1,000 schools, 2,000 students of two schools",
        formula="y ~ x + (1 | student) + (1 | teacher) + (1 | school)",
        make=nearly_nested,
        goal=3.0,
        levels=("student", "teacher", "school"),
        after="insteval-28",
    ),
    Workload(
        name="regions",
        about="1,000,000 rows in 50 regions, each with its own 2,000 users x 400 items",
        formula="y ~ x + (1 | user) + (1 | item)",
        make=regions,
        goal=5.0,
        levels=("user", "item"),
        after="insteval-28",
    ),
    Workload(
        name="thin-crossed",
        about="600,000 rows, 300,000 users of two ratings each x 30,000 items",
        formula="y ~ x + (1 | user) + (1 | item)",
        make=few_ratings,
        goal=40.0,
        levels=("user", "item"),
        after="near-nested",
    ),
    Workload(
        name="nested-10m",
        about="10,000,000 rows, 500,000 groups, a slope",
        formula="y ~ x1 + x2 + x3 + x4 + (1 + x1 | group)",
        make=groups,
        goal=2.5,
        levels=("group",),
        peak_goal="under 2.5 times the columns read",
        after="nested-1m",
    ),
    Workload(
        name="crossed-10m",
        about="10,000,000 rows, 150,000 users x 20,000 items, long tail",
        formula="y ~ x1 + x2 + (1 | user) + (1 | item)",
        make=partial(long_tail, 10_000_000, 150_000, 20_000),
        goal=40.0,
        levels=("user", "item"),
        after="crossed-1m",
    ),
    Workload(
        name="movielens",
        about="25,000,000 rows, 162,000 users x 59,000 items in clusters of taste (the shape of MovieLens 25M)",
        formula="rating ~ 1 + (1 | user) + (1 | item)",
        make=clusters_of_taste,
        goal=180.0,
        levels=("user", "item"),
        peak_goal="under 8 GiB",
        after="crossed-10m",
    ),
    Workload(
        name="nested-100m",
        about="100,000,000 rows in a folder of Parquet files, 1,000,000 groups, a slope",
        formula="y ~ x1 + x2 + (1 + x1 | group)",
        make=groups_on_disk,
        levels=("group",),
        on_disk=True,
        peak_goal="under 4 GiB",
        after="nested-10m",
    ),
    Workload(
        name="many-responses",
        about="10,000 responses of 200 rows, 20 subjects x 10 items",
        formula="~ x + (1 | subject) + (1 | item)",
        make=many_responses,
        goal=10.0,
        levels=("subject", "item"),
        responses="y",
    ),
)

WARMUP = Workload(
    name="sleepstudy",
    about="what every package can fit: it loads what a package loads late",
    formula="Reaction ~ Days + (1 | Subject)",
    make=partial(classic, "sleepstudy"),
)
WORKLOADS = {workload.name: workload for workload in _ALL}
