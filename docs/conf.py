"""The configuration of Sphinx, for `nox -s docs`."""

from __future__ import annotations

import enum
import importlib.resources
import inspect
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from activepieces_client import testing

sys.path.insert(0, str(Path(__file__).parent))

from properties_page import properties_page
from specification_page import specification_page

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "activepieces-client"
author = "The activepieces-client authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx reads this name
version = release = metadata.version(project)
summary = metadata.metadata(project)["Summary"]
urls = dict(url.split(", ") for url in metadata.metadata(project).get_all("Project-URL", []))

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "notfound.extension"]
exclude_patterns = ["_build"]

# Docstrings write code in single backticks, as Markdown does.
default_role = "code"
myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_substitutions = {
    "stand_in": inspect.getdoc(testing),
    "source": f"[source]({urls['Source']})",
    "package_page": f"[package page](https://pypi.org/project/{project}/)",
}
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
# A longer signature has one parameter a line.
maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_use_ivar = True  # attributes as a list: autodoc makes entries for them already

html_theme = "furo"
html_theme_options = {"source_repository": urls["Source"], "source_branch": "main", "source_directory": "docs/"}
pygments_dark_style = "github-dark"
html_title = f"{project} {release}"
html_baseurl = urls["Documentation"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["../openapi.yaml"]
html_show_sourcelink = False
copybutton_prompt_text = "$ "
notfound_urls_prefix = f"/{project}/"

# Only with --tag online, since the inventories are fetched. The documentation of httpx has none.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "attrs": ("https://www.attrs.org/en/stable", None),
}
linkcheck_ignore = [r"https://flows\."]  # the servers of examples
linkcheck_retries = 2
HTTPX_PAGES = {
    "Client": "api/#client",
    "AsyncClient": "api/#asyncclient",
    "Request": "api/#request",
    "Response": "api/#response",
    "Timeout": "advanced/timeouts/",
}

# Pages whose text is not in their source.
GENERATED = re.compile("404|changelog|properties|reference/|specification")

# How signatures write types: with the name of httpx, and without aliases.
TYPES = {
    r"~httpx\.": "httpx.",
    r"\bBody\b": "UpdateProjectRequest | Mapping[str, Any]",
    r"(?<!\.)\bTimeout\b": "float | httpx.Timeout",
}


def shorten(
    _app: Sphinx, _what: str, _name: str, obj: object, _options: object, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Correct a signature of autodoc."""
    if isinstance(obj, enum.EnumMeta):
        return "", None  # every enum has (value)
    if not signature:
        return None
    for name, written in TYPES.items():
        signature = re.sub(name, written, signature)
    return signature, returns


def join(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    """Join an attribute's description, whose text before a colon napoleon has taken for a type."""
    if what == "attribute" and lines and lines[-1].startswith(":type: "):
        lines[:] = [f"{lines[-1].removeprefix(':type: ')}: {lines[0]}", *lines[1:-2]]


def link_httpx(_: Sphinx, _env: BuildEnvironment, node: nodes.Element, content: nodes.Element) -> nodes.Element | None:
    """Link a name of httpx to its page."""
    page = HTTPX_PAGES.get(node["reftarget"].removeprefix("httpx."))
    return nodes.reference("", "", content, refuri=f"https://www.python-httpx.org/{page}") if page else None


def write_pages(_: Sphinx, name: str, source: list[str]) -> None:
    """Add to a page what comes from the document that is in the wheel."""
    document = json.loads(importlib.resources.files("activepieces_api").joinpath("openapi.json").read_bytes())
    if name == "specification":
        source[0] += specification_page(document)
    if name == "properties":
        source[0] += properties_page(document)


def write_llms_txt(app: Sphinx, _: Exception | None) -> None:
    """Write the list of guides for language models (llmstxt.org): as Markdown, and the document as it is."""
    if app.builder.name == "html":
        guides = {name: title.astext() for name, title in sorted(app.env.titles.items()) if not GENERATED.match(name)}
        links = {f"_sources/{name}.md.txt": title for name, title in guides.items()} | {"openapi.yaml": "The API"}
        pages = (f"- [{title}]({html_baseurl}{path})" for path, title in links.items())
        text = "\n".join([f"# {project}", "", f"> {summary}", "", "## Pages", "", *pages, ""])
        Path(app.outdir, "llms.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    if app.tags.has("online"):
        app.setup_extension("sphinx.ext.intersphinx")
    app.connect("source-read", write_pages)
    app.connect("autodoc-process-signature", shorten)
    app.connect("autodoc-process-docstring", join, priority=600)  # after napoleon's 500
    app.connect("missing-reference", link_httpx)
    app.connect("build-finished", write_llms_txt)
