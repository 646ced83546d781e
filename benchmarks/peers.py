"""Other ways to make the same update.

Bare httpx, generated clients, one by Stainless, and the standard library.
"""

from __future__ import annotations

import http.client
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
from pydantic import Field

from .measuring import run
from .server import BODY, DOCUMENT, ID, KEY, PATH, ROOT

_PATH = PATH.format(id=ID)


def generate(folder: Path) -> None:
    """Generate clients from openapi.yaml with other generators, unconfigured."""
    configuration = folder / "stock.yaml"
    configuration.write_text("package_name_override: stock_peer\n")
    stock = ["openapi-python-client", "generate", "--meta", "none", "--output-path", str(folder / "stock_peer")]
    other = ["openapi-generator-cli", "generate", "-g", "python", "--package-name", "openapi_generator_peer"]
    run([*stock, "--path", str(ROOT / "openapi.yaml"), "--config", str(configuration)])
    # Its classes for an enum that is open to other values call themselves without end; to it, they are strings.
    document = json.loads(json.dumps(DOCUMENT), object_hook=_without_open_enums)
    (folder / "closed.json").write_text(json.dumps(document), "utf-8")
    run([*other, "-i", str(folder / "closed.json"), "-o", str(folder)])
    sys.path.insert(0, str(folder))


def _without_open_enums(node: dict[str, Any]) -> dict[str, Any]:
    """Make a string of an enum that is open to any other string."""
    return {"type": "string"} if {"type": "string"} in node.get("anyOf", []) else node


def bare(base_url: str) -> Callable[[], object]:
    """Post with httpx, and read the JSON."""
    client = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {KEY}"})
    return lambda: client.post(_PATH, json=BODY).json()


def stock(base_url: str) -> Callable[[], object]:
    """Call the client that openapi-python-client generates."""
    package = importlib.import_module("stock_peer")
    update_project: Any = importlib.import_module("stock_peer.api.projects.update_project")
    client = package.AuthenticatedClient(base_url, token=KEY)
    body = importlib.import_module("stock_peer.models").UpdateProjectRequest.from_dict(BODY)
    return lambda: update_project.sync(ID, client=client, body=body)


def openapi_generator(base_url: str) -> Callable[[], object]:
    """Call the client that openapi-generator generates."""
    package: Any = importlib.import_module("openapi_generator_peer")
    api = package.ProjectsApi(package.ApiClient(package.Configuration(host=base_url, access_token=KEY)))
    body = package.UpdateProjectRequest.from_dict(BODY)
    return lambda: api.update_project(ID, body)


def standard_library(base_url: str) -> Callable[[], object]:
    """Post with http.client, which is the least that Python can do."""
    url = httpx.URL(base_url)
    connection = http.client.HTTPConnection(url.host, url.port)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}

    def post() -> object:
        connection.request("POST", url.path + _PATH, json.dumps(BODY), headers)
        return json.loads(connection.getresponse().read())

    return post


# A client that Stainless generates is the same code for every API, and models like these.


class _Icon(openai.BaseModel):
    color: str


class _Plan(openai.BaseModel):
    id: str
    created: str
    updated: str
    project_id: str = Field(alias="projectId")
    name: str
    locked: bool
    pieces_filter_type: str = Field(alias="piecesFilterType")
    pieces: list[str]


class _Analytics(openai.BaseModel):
    total_users: float = Field(alias="totalUsers")
    active_users: float = Field(alias="activeUsers")
    total_flows: float = Field(alias="totalFlows")
    active_flows: float = Field(alias="activeFlows")


class _Project(openai.BaseModel):
    id: str
    created: str
    updated: str
    owner_id: str = Field(alias="ownerId")
    display_name: str = Field(alias="displayName")
    platform_id: str = Field(alias="platformId")
    type: str
    icon: _Icon
    releases_enabled: bool = Field(alias="releasesEnabled")
    plan: _Plan
    analytics: _Analytics
    max_concurrent_jobs: float | None = Field(alias="maxConcurrentJobs", default=None)
    external_id: str | None = Field(alias="externalId", default=None)
    pool_id: str | None = Field(alias="poolId", default=None)
    metadata: dict[str, Any] | None = None


def stainless(base_url: str) -> Callable[[], object]:
    """Call a client that Stainless generates.

    It is that of the openai package, whose `post` takes any path.
    """
    client = openai.OpenAI(api_key=KEY, base_url=base_url, max_retries=2)
    return lambda: client.post(_PATH, body=BODY, cast_to=_Project)
