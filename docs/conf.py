"""Settings of the documentation: sphinx-build -W docs docs/_build."""

import re
from importlib import metadata

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

project = "energynet"
author = "The energynet developers"
project_copyright = author
release = metadata.version("energynet")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "scripts"]
html_theme = "furo"
html_title = f"energynet {release}"
html_favicon = "icon.svg"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_show_sphinx = False
html_copy_source = False
html_math_renderer = "mathml"
highlight_language = "none"

myst_enable_extensions = ["dollarmath", "html_image"]  # images with a width, for the forge
myst_heading_anchors = 3

default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
python_use_unqualified_type_names = True


def setup(app):
    """Formulas as MathML, which browsers show without a script; pages with what only a site has."""
    app.add_html_math_renderer("mathml", (_formula, None), (_formula_block, None))
    app.connect("source-read", _for_the_site)
    app.connect("autodoc-process-docstring", _bars)
    app.connect("doctree-read", _keep_together)


def _for_the_site(_app, _name, source):
    """Comments `site` are part of the page; what stands between comments `forge` is not.

    Pages of results/ are not on the site: where a page links to one, the site names it.
    """
    text = re.sub(r"(?s)<!-- forge -->.*?<!-- end of forge -->\n?", "", source[0])
    text = re.sub(r"(?s)<!-- site\n(.*?)-->", r"\1", text)
    source[0] = re.sub(r"\[([^]]*)\]\(\.\./(results/[^)]*\.md)\)", r"\1 (`\2`)", text)


def _bars(_app, _what, _name, _object, _options, lines):
    """|dw| is no substitution, and `.gz` is no name."""
    lines[:] = [re.sub(r"`(\.\w+)`", r"``\1``", line.replace("|", r"\|")) for line in lines]


_BLANK = re.compile(
    r"(?<=\d) (?=%)|(?<=\d) (?=to \d)|(?<=\d to) (?=\d)"
    r"|(?<=\bP) (?==)|(?<=\bnh) (?==)|(?<==) (?=\d)"
)


def _keep_together(_app, doctree):
    """No line ends within "95 %", "1.3 to 1.5" or "nh = 100"."""
    as_it_is = (nodes.literal, nodes.math, nodes.FixedTextElement)
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, as_it_is) and _BLANK.search(text):
            text.parent.replace(text, nodes.Text(_BLANK.sub("\N{NO-BREAK SPACE}", text)))


def _formula(translator, node):
    translator.body.append(_mathml(node))
    raise nodes.SkipNode


def _formula_block(translator, node):
    translator.body.append(f'<div class="math">{_mathml(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(node, **options):
    """Bars close to what they enclose, brackets of the letters' height, and primes."""
    text = tex2mathml(node.astext(), **options)
    text = re.sub("<mo>(?=[{}⟨⟩⌊⌋])", '<mo stretchy="false">', text)
    return text.replace(">|<", ' lspace="0" rspace="0">|<').replace(">'<", ">\N{PRIME}<")
