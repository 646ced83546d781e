"""site/: the specification as a page, the Python interface beside it, and a first page that leads to both."""

from __future__ import annotations

import html
import importlib
import os
import subprocess
import sys
from pathlib import Path

from tools.spec.document import ROOT, Document, elements
from tools.spec.operation import operations

SITE = ROOT / "site"
REDOCLY = ROOT / "requirements" / "node" / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
MODULES = ("activepieces_client", "activepieces_api.models", "activepieces_client.testing")

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.6 system-ui, sans-serif; margin: 4rem auto; max-width: 42rem; padding: 0 1.5rem; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .4rem; }} ul {{ padding-left: 1.2rem; }} code {{ font-size: .9em; }}
</style></head><body><h1>{title}</h1><p>{description}</p>
<h2>From Python</h2><ul>{modules}</ul><h2>On the wire</h2><ul>{operations}</ul></body></html>
"""


def main() -> int:
    """Make the site anew."""
    specification = SITE / "specification.html"
    SITE.mkdir(exist_ok=True)
    subprocess.run(
        ["node", REDOCLY, "build-docs", "openapi.yaml", "--inlineBundle", "--output", specification],
        cwd=ROOT,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        check=True,
    )
    pdoc = (sys.executable, "-m", "pdoc", "--docformat", "google", "--no-show-source")
    subprocess.run([*pdoc, *MODULES, "--output", SITE / "python"], check=True)
    document = Document.read()
    items: list[str] = []
    for operation in operations(document):
        name, tag = operation.definition["operationId"], (*elements(operation.definition.get("tags")), "other")[0]
        link = f"{specification.name}#/{tag}/{name.lower()}"
        title = html.escape(str(operation.definition.get("summary", name)))
        items.append(f'<li><a href="{html.escape(link)}">{title}</a> <code>{html.escape(str(operation))}</code></li>')
    modules: list[str] = []
    for name in MODULES:
        said = html.escape((importlib.import_module(name).__doc__ or "").partition("\n")[0])
        modules.append(f'<li><a href="python/{name.replace(".", "/")}.html"><code>{name}</code></a>: {said}</li>')
    page = PAGE.format(
        title=f"{document.content['info']['title']} {document.content['info']['version']}",
        description=html.escape(document.content["info"]["description"]),
        modules="".join(modules),
        operations="".join(items),
    )
    Path(SITE, "index.html").write_text(page, encoding="utf-8")
    print(f"{SITE.name}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
