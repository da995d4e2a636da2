from importlib import metadata

project = "Lightlane"
copyright = "2026, the Lightlane developers"
release = metadata.version("lightlane")
version = release

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.mathjax", "numpydoc"]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False, "secondary_sidebar_items": ["page-toc"]}
html_title = "Lightlane"

# Pages with code are run when the site is built: what they show is what the code does today.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
# Members stand in the class's own page; a table of contents with a page each would repeat them.
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False
