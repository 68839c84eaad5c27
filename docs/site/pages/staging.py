"""The source of the site: written pages, pictures, pages of the root, and generated pages."""

import re
from collections.abc import Mapping
from pathlib import Path

from pages import list_pages
from pages.sources import Sources

FROM_ROOT = {
    "ARCHITECTURE.md": "explanation/architecture.md",
    "CONTRIBUTING.md": "explanation/contributing.md",
    "README.md": "README.md",
}
"""Pages that stand at the root of the checkout, by their place in the site."""
PICTURES = {".jpg", ".png", ".svg", ".webp"}
_LINK = re.compile(r"\]\((?![a-z]+:)([^)#]*)")
_OUT = re.compile(r"\[([^\]]*)\]\((?:\.\./)+((?:src|tests|bin|bench)/[^)]*)\)")


def gather(root: Path, sources: Sources) -> dict[str, str]:
    """The text of every page, by its path."""
    docs = root / "docs"
    tree = {
        str(path.relative_to(docs)): name_files(path.read_text())
        for path in docs.rglob("*.md")
        if path.relative_to(docs).parts[0] != "site"
    }
    for name, path in FROM_ROOT.items():
        tree[path] = name_files(move_links((root / name).read_text()))
    for path, make_page in list_pages().items():
        assert path not in tree, f"{path} is both written and generated"
        tree[path] = make_page(sources)
    return tree


def move_links(text: str) -> str:
    """A page of the root with the links that it has one folder further down. Pure."""

    def move(found: re.Match[str]) -> str:
        target = found[1]
        if target in FROM_ROOT:
            return f"](../{FROM_ROOT[target]}"
        return f"](../{target.removeprefix('docs/')}"

    return _LINK.sub(move, text)


def name_files(text: str) -> str:
    """A page with the names of source files, which the site lacks, in place of links. Pure."""

    def name(found: re.Match[str]) -> str:
        return found[1] if found[2] in found[1] else f"{found[1]} (`{found[2]}`)"

    return _OUT.sub(name, text)


def gather_pictures(root: Path) -> dict[str, bytes]:
    """The bytes of every picture, by its path."""
    docs = root / "docs"
    paths = (path for path in docs.rglob("*") if path.suffix in PICTURES)
    return {str(path.relative_to(docs)): path.read_bytes() for path in paths}


def write_tree(folder: Path, tree: Mapping[str, str | bytes]) -> None:
    """Make a folder hold exactly these files; those that are as they were keep their time."""
    for path in [p for p in folder.rglob("*") if p.is_file()]:
        if str(path.relative_to(folder)) not in tree:
            path.unlink()
    for name, content in tree.items():
        path = folder / name
        wanted = content.encode() if isinstance(content, str) else content
        if not path.exists() or path.read_bytes() != wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted)
