"""How Sphinx builds the site from what `python -m pages` put together."""

project = "Pilvi"
copyright = "the authors of Pilvi, Apache-2.0"
html_title = "Pilvi"
extensions = ["myst_parser"]
# The README is here for the picture that the first page takes from it.
exclude_patterns = ["README.md"]
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sphinx = False
# A reader may have no network: the theme uses the fonts of the reader's own system.
html_theme_options = {"footer_icons": []}
pygments_style = "default"
