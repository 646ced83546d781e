"""How Sphinx builds the documentation: `nox -s docs`."""

from __future__ import annotations

import inspect
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
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
# One parameter a line, where a signature is longer.
maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_use_ivar = True  # attributes as a list, without entries that autodoc would make again

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
copybutton_prompt_text = "$ "


def setup(app: Sphinx) -> None:
    """Write the page of the specification, and correct what autodoc makes of modules and of httpx's names."""

    def write(_: Sphinx, name: str, source: list[str]) -> None:
        if name == "specification":
            source[0] += specification_page()

    def leave_out(_app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
        if what == "module":  # its docstring is Markdown
            lines.clear()

    def name_httpx(_app: Sphinx, _what: str, _name: str, _obj: object, _options: object, *signature: str) -> object:
        return tuple(part and part.replace("~httpx.", "httpx.") for part in signature)

    app.connect("source-read", write)
    app.connect("autodoc-process-docstring", leave_out)
    app.connect("autodoc-process-signature", name_httpx)
