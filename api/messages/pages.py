"""The parts that all pages for browsers share: their headers, the page of an error, and figures without scripts."""

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

# All parts come from this host, the pages have no inline script or style, and no other page may frame them.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-cache",  # a browser keeps the files, and asks with their ETag whether they changed
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Sphinx's theme has one inline script, known by its hash, and inline styles and icons; its search makes a form.
MANUAL_SCRIPT = "'sha256-ySvT2PEZeueHGC1y2crNuNTfphBynFPP7i+U21fEgX0='"
MANUAL_HEADERS = HEADERS | {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(
        "script-src 'self'; style-src 'self'", f"script-src 'self' {MANUAL_SCRIPT}; style-src 'self' 'unsafe-inline'"
    )
    .replace("form-action 'none'", "form-action 'self'")
    .replace("img-src 'self'", "img-src 'self' data:")
}
HTML = "text/html"
ERROR_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not found · LD-Data</title>
<link rel="icon" href="{root}/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{root}/static/style.css">
</head>
<body>
<header><h1><a href="{root}/">LD-Data</a></h1></header>
<main>
<h2>Not found</h2>
<p>{sentence}</p>
<p><a href="{root}/">The page</a> shows the datasets; <a href="{root}/docs">the interface</a> lists all routes.</p>
</main>
</body>
</html>
"""


def write_error_page(sentence: str, root_path: str) -> str:
    """Return the page that says that something was not found."""
    return ERROR_PAGE.format(sentence=escape(sentence), root=escape(root_path))


def write_figures(release: str, skills: Iterable[tuple[str, float]], files: Iterable[str]) -> str:
    """Return the skills of baselines and the links to the files of a release as HTML that needs no script."""
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td><meter min="0" max="1" value="{skill:.3f}"></meter></td>'
        f"<td>{skill:z.3f}</td></tr>"
        for name, skill in skills
    )
    folder = f"v1/datasets/{quote(release)}/files/"
    links = ", ".join(f'<a href="{folder}{quote(file)}">{escape(file)}</a>' for file in files)
    table = f"<table><tr><th>model</th><th>null to floor</th><th>skill</th></tr>{rows}</table>" if rows else ""
    return f"<h3>{escape(release)}</h3>{table}<p>Files: {links}</p>"
