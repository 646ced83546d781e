"""The configuration of Sphinx, for `nox -s docs`."""

from __future__ import annotations

import enum
import inspect
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from activepieces_client import testing

sys.path.insert(0, str(Path(__file__).parent))

from specification_page import specification_page

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "activepieces-client"
author = "The activepieces-client authors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx reads this name
version = release = metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]

# Docstrings write code in single backticks, as Markdown does.
default_role = "code"
myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_substitutions = {"stand_in": inspect.getdoc(testing)}
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
# A longer signature has one parameter a line.
maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_use_ivar = True  # attributes as a list: autodoc makes entries for them already

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
copybutton_prompt_text = "$ "


# How signatures write types: with the name of httpx, and without aliases.
TYPES = {
    r"~httpx\.": "httpx.",
    r"\bBody\b": "UpdateProjectRequest | Mapping[str, Any]",
    r"(?<!\.)\bTimeout\b": "float | httpx.Timeout",
}


def setup(app: Sphinx) -> None:
    """Write the page of the specification, and correct the signatures of autodoc."""

    def write(_: Sphinx, name: str, source: list[str]) -> None:
        if name == "specification":
            source[0] += specification_page()

    def shorten(
        _app: Sphinx, _what: str, _name: str, obj: object, _options: object, signature: str | None, returns: str | None
    ) -> tuple[str, str | None] | None:
        if isinstance(obj, enum.EnumMeta):
            return "", None  # every enum has (value)
        if not signature:
            return None
        for name, written in TYPES.items():
            signature = re.sub(name, written, signature)
        return signature, returns

    app.connect("source-read", write)
    app.connect("autodoc-process-signature", shorten)
