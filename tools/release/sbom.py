"""Write the SBOM of a wheel (CycloneDX): the packages that requirements/package.txt pins, with extras and hashes.

A build hook of pyproject.toml calls this. The package itself depends on ranges; the SBOM says what was tested with it.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

# One pin as uv writes it: name==version, the hashes, and in comments the packages that need it.
PIN = re.compile(r"(?m)^(?P<name>[\w.-]+)==(?P<version>\S+)(?P<rest>.*(?:\n    .*)*)")


def package_url(name: str, version: str) -> str:
    """Return the name of a package in an SBOM, which is unique among registries."""
    return f"pkg:pypi/{name}@{version}"


def sbom(name: str, version: str, pins: str) -> dict[str, Any]:
    """Return the SBOM of a version of the package as JSON."""
    urls = {name: package_url(name, version)}
    components: list[dict[str, Any]] = []
    needed_by: dict[str, set[str]] = {}
    for pin in PIN.finditer(pins):
        url = urls[pin["name"]] = package_url(pin["name"], pin["version"])
        needed_by[url] = set(re.findall(r"#\s+(?:via )?([\w.-]+)", pin["rest"]))
        hashes = [{"alg": "SHA-256", "content": digest} for digest in re.findall(r"sha256:(\w+)", pin["rest"])]
        component = {"type": "library", "bom-ref": url, "purl": url, "name": pin["name"], "version": pin["version"]}
        components.append({**component, "hashes": hashes})
    root = {"type": "library", "bom-ref": urls[name], "purl": urls[name], "name": name, "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"component": {**root, "licenses": [{"license": {"id": "MIT"}}]}},
        "components": components,
        "dependencies": [
            {"ref": url, "dependsOn": [needed for needed, names in needed_by.items() if dependent in names]}
            for dependent, url in urls.items()
        ],
    }


class SBOMHook(BuildHookInterface[BuilderConfig]):
    """A build hook that adds the SBOM to `.dist-info/sboms/` (PEP 770)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the SBOM to a temporary folder, and name it to the builder."""
        del version  # of the build target: "standard" or "editable"
        self.folder = tempfile.TemporaryDirectory()
        project = ProjectMetadata(self.root, PluginManager())
        pins = Path(self.root, "requirements", "package.txt").read_text(encoding="utf-8")
        file = Path(self.folder.name, f"{project.name}.cdx.json")
        content = sbom(project.name, project.version, pins)
        file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        build_data["sbom_files"].append(str(file))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary folder."""
        del version, build_data, artifact_path
        self.folder.cleanup()
