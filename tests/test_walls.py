"""The walls between the parts: who may import whom, and how large a part may grow."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SITE_LIBRARIES = {
    "webapp",
    "flask",
    "flask_socketio",
    "flask_wtf",
    "eventlet",
    "sqlalchemy",
    "alembic",
    "huey",
    "socketio",
    "engineio",
    "fsspec",
}
ENGINE_LIBRARIES = {"tensorflow", "keras"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> list[Path]:
    """All Python files of some folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def own_modules() -> list[Path]:
    """The files people maintain by hand; migrations are made once and never touched again."""
    return [path for path in modules("stransfer", "webapp") if "migrations" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """The full names of what a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def roots(path: Path) -> set[str]:
    """The packages that a file imports from."""
    return {name.partition(".")[0] for name in imports(path)}


def loaded_after(statement: str, tmp_path: Path) -> set[str]:
    """The packages that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"INSTANCE_PATH": str(tmp_path / "instance"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split())


@pytest.mark.parametrize("path", modules("stransfer"), ids=lambda path: path.name)
def test_no_module_of_the_engine_imports_the_site_or_its_libraries(path: Path) -> None:
    assert not roots(path) & SITE_LIBRARIES


def test_importing_the_engine_loads_nothing_of_the_site_and_not_yet_tensorflow(
    tmp_path: Path,
) -> None:
    loaded = loaded_after("import stransfer.cli, stransfer.weights", tmp_path)
    assert {"stransfer", "numpy"} <= loaded
    assert not loaded & (SITE_LIBRARIES | ENGINE_LIBRARIES)


def test_asking_the_command_line_for_help_does_not_load_tensorflow(tmp_path: Path) -> None:
    assert not loaded_after("import webapp.cli", tmp_path) & ENGINE_LIBRARIES


def test_the_web_process_does_not_load_tensorflow(tmp_path: Path) -> None:
    loaded = loaded_after("import wsgi; wsgi.app.test_client().get('/')", tmp_path)
    assert {"flask", "eventlet"} <= loaded
    assert not loaded & ENGINE_LIBRARIES


def test_the_worker_process_does_not_load_eventlet_or_flask(tmp_path: Path) -> None:
    worker = "import webapp.cli, webapp.preflight, webapp.runs.worker, webapp.runs.painter"
    loaded = loaded_after(f"{worker}\nwebapp.preflight.prepare(webapp.config.load())", tmp_path)
    assert {"huey", "tensorflow"} <= loaded
    assert not loaded & {"eventlet", "flask", "socketio"}


@pytest.mark.parametrize("path", modules("webapp/runs"), ids=lambda path: path.name)
def test_no_module_of_the_runs_imports_flask(path: Path) -> None:
    assert not {name for name in roots(path) if name.startswith("flask")}


@pytest.mark.parametrize("path", modules("webapp/pages"), ids=lambda path: path.name)
def test_no_page_imports_another_page(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("webapp.pages")]


def test_only_the_web_processs_own_file_knows_eventlet() -> None:
    users = [path for path in modules("stransfer", "webapp", "data") if "eventlet" in roots(path)]
    assert users == []
    assert "eventlet" in roots(ROOT / "wsgi.py")


def test_only_the_web_processs_own_file_patches_the_standard_library() -> None:
    def patches(path: Path) -> bool:
        return any(
            isinstance(node, ast.Attribute | ast.Name) and "monkey_patch" in ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text()))
        )

    assert patches(ROOT / "wsgi.py")
    assert [path for path in modules("stransfer", "webapp", "data") if patches(path)] == []


def test_the_first_thing_that_wsgi_imports_from_elsewhere_is_eventlet() -> None:
    standard = sys.stdlib_module_names
    foreign = [name for name in imports_in_order(ROOT / "wsgi.py") if name not in standard]
    assert foreign[0] == "eventlet"


def imports_in_order(path: Path) -> list[str]:
    """The packages that a file imports, from its first line to its last."""
    nodes = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = []
    for node in sorted(nodes, key=lambda node: node.lineno):
        first = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        names.append(str(first).partition(".")[0])
    return names


@pytest.mark.parametrize("folder", ["stransfer", "webapp", "data", "tests"])
def test_no_file_is_longer_than_a_person_reads_at_once(folder: str) -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in modules(folder)}
    assert not {path: length for path, length in lengths.items() if length > LONGEST_FILE}


def test_no_function_is_longer_than_a_screen() -> None:
    assert not [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {lines} lines"
        for path in own_modules()
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, Function) and (lines := body_lines(function)) > LONGEST_FUNCTION
    ]


def test_everything_public_says_what_it_is() -> None:
    silent = []
    for path in own_modules():
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree) and path.read_text().strip():
            silent.append(f"{path.relative_to(ROOT)}: the module")
        silent += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in public(tree)
            if not ast.get_docstring(node)
        ]
    assert silent == []


def public(tree: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """What other modules may use: top-level functions and classes, and the methods of these."""
    for node in tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    method
                    for method in node.body
                    if isinstance(method, Function) and spoken(method.name)
                )


def spoken(name: str) -> bool:
    """Whether a method is public, `__init__` and its kind included."""
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def body_lines(function: Function) -> int:
    """How many lines a function has below its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    return (function.end_lineno or 0) - body[0].lineno + 1
