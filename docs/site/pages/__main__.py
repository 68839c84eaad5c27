"""Put the whole source of the site together: `python -m pages FOLDER`."""

import sys
from pathlib import Path

from pages.sources import ROOT, open_sources
from pages.staging import gather, gather_pictures, write_tree


def main() -> None:
    """Write every page and picture of the site into a folder."""
    with open_sources() as sources:
        tree = gather(ROOT, sources)
    write_tree(Path(sys.argv[1]), {**tree, **gather_pictures(ROOT)})


if __name__ == "__main__":
    main()
