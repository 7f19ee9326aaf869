"""Put the figures that a command has written into docs/reliability.md, in the place of older ones.

    python scripts/report_reliability.py soak .reliability/soak.md

The place is between the lines "<!-- soak -->" and "<!-- end of soak -->".
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/reliability.md"


def with_section(document: str, name: str, figures: str) -> str:
    """Return a document with other figures in a section.

    Parameters
    ----------
    document : str
    name : str
        Of the section, as in the lines that enclose it.
    figures : str
        Markdown.

    Raises
    ------
    ValueError
        If the document has no such section, or more than one.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    pattern = re.compile(f"(?<={re.escape(start)}).*?(?={re.escape(end)})", re.DOTALL)
    if len(pattern.findall(document)) != 1:
        raise ValueError(f"{len(pattern.findall(document))} sections {name!r} in the document")
    return pattern.sub(lambda _: f"\n{figures.strip()}\n\n", document)


def main() -> None:
    """Write the section that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="of the section")
    parser.add_argument("figures", type=Path, help="file with its text in Markdown")
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    options = parser.parse_args()
    text = options.document.read_text("utf-8")
    try:
        changed = with_section(text, options.name, options.figures.read_text("utf-8"))
    except ValueError as error:
        sys.exit(f"{options.document}: {error}")
    options.document.write_text(changed, "utf-8")


if __name__ == "__main__":
    main()
