"""The rules of CONTRIBUTING.md that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

from examhall.base.sqlfile import HEADING, PARAMETER

PACKAGE = Path(__file__).parents[1] / "examhall"
MODULES = sorted(PACKAGE.rglob("*.py"))
SQL_FILES = sorted(path for path in PACKAGE.rglob("*.sql") if "vendor" not in path.parts)

# A package may import from packages written before it in this list, and from itself.
ORDER = [
    "base", "psychometrics", "audit",
    "accounts", "reference", "courses", "exams", "sittings", "scoring",
    "contests", "standings", "reports", "certificates", "forms", "analyses",
    "events", "ops", "web", "demo",
]  # fmt: skip
LONGEST = 400
SCHEMA = PACKAGE.parent / "schema.sql"
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?!SET\b)([a-z_]+)")
TOUCHES_A_TABLE = re.compile(r"\b(FROM|INTO|UPDATE|JOIN)\s+\w", re.IGNORECASE)
VERBS = {"one", "maybe", "many", "run"}


def package_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0]


# Modules beside the packages (app, routes, worker, cli, ...) are where everything meets.
LAYERED = [module for module in MODULES if module.parent != PACKAGE]


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def names_imported_by(module: Path) -> set[str]:
    """Whole dotted names of what is imported from Examhall."""
    names = []
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name for name in names if name.startswith("examhall.")}


def packages_imported_by(module: Path) -> set[str]:
    return {name.split(".")[1] for name in names_imported_by(module)}


def sql_names(module: Path) -> set[str]:
    """What the module calls its twin: SQL, and whatever else `beside` was assigned to."""
    return {
        target.id
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "beside"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def queries_used_by(module: Path) -> set[str]:
    mine = sql_names(module)
    return {
        node.attr
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in mine
    }


def queries_in(sql_file: Path) -> dict[str, set[str]]:
    """Each query's name and its parameters."""
    _, *parts = HEADING.split(sql_file.read_text(encoding="utf-8"))
    return {name: set(PARAMETER.findall(text)) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("module", LAYERED, ids=name_of)
def test_imports_point_one_way(module: Path) -> None:
    package = package_of(module)
    allowed = set(ORDER[: ORDER.index(package) + 1]) - ({"base"} if package == "psychometrics" else set())
    # Settings are read by the edges and handed on as values.
    assert packages_imported_by(module) <= allowed


@pytest.mark.parametrize("module", LAYERED, ids=name_of)
def test_only_the_table_of_contents_imports_handlers(module: Path) -> None:
    """What two doors need is no handler's: it is an operation, or in base."""
    handlers = {name for name in names_imported_by(module) if re.search(r"\.(\w+_)?api(\.|$)", name)}
    assert handlers == set()


@pytest.mark.parametrize("module", LAYERED, ids=name_of)
def test_only_the_worker_imports_jobs(module: Path) -> None:
    """Everybody else enqueues them by name."""
    jobs = {
        name for name in names_imported_by(module) if re.match(r"examhall\.(?!base\.)\w+\.jobs(\.|$)", name)
    }
    assert jobs == set()


@pytest.mark.parametrize("file", MODULES + SQL_FILES, ids=name_of)
def test_fits_in_one_sitting(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_says_what_it_does(module: Path) -> None:
    assert ast.get_docstring(tree_of(module))


def test_every_sql_file_has_its_python_twin() -> None:
    orphans = [name_of(path) for path in SQL_FILES if not path.with_suffix(".py").exists()]
    assert orphans == []


@pytest.mark.parametrize("sql_file", SQL_FILES, ids=name_of)
def test_every_query_is_used_by_its_twin_and_exists(sql_file: Path) -> None:
    assert set(queries_in(sql_file)) == queries_used_by(sql_file.with_suffix(".py"))


@pytest.mark.parametrize("sql_file", SQL_FILES, ids=name_of)
def test_every_query_is_asked_with_the_parameters_it_has(sql_file: Path) -> None:
    module = sql_file.with_suffix(".py")
    queries, mine = queries_in(sql_file), sql_names(module)
    for node in ast.walk(tree_of(module)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in VERBS):
            continue
        query = node.args[1] if len(node.args) > 1 else None
        # A query in a variable, or parameters as **mapping, are checked when they run.
        if isinstance(query, ast.Attribute) and isinstance(query.value, ast.Name) and query.value.id in mine:
            given = {keyword.arg for keyword in node.keywords}
            assert None in given or given == queries[query.attr], f"line {node.lineno}: {query.attr}"


def tables_owned() -> dict[str, str]:
    """Table -> package, by the headings of schema.sql."""
    owner, owned = "", {}
    for line in SCHEMA.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"-- (\w+)(?: \(sharded\))? -+$", line):
            owner = heading[1]
        elif table := re.match(r"CREATE (?:UNLOGGED )?TABLE (\w+)", line):
            owned[table[1]] = owner
    return owned


@pytest.mark.parametrize("sql_file", SQL_FILES, ids=name_of)
def test_a_table_is_written_by_the_package_that_owns_it(sql_file: Path) -> None:
    owned = tables_owned()
    assert "" not in owned.values()
    written = {table for table in WRITES.findall(sql_file.read_text(encoding="utf-8")) if table in owned}
    assert {owned[table] for table in written} <= {package_of(sql_file)}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_sql_is_written_in_sql_files(module: Path) -> None:
    """No literal handed to `execute` reads or writes a table."""
    written = [
        f"line {node.lineno}: {node.args[0].value!r:.60}"
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("execute", "executemany", "copy") and node.args
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
        if TOUCHES_A_TABLE.search(node.args[0].value)
    ]
    assert written == []
