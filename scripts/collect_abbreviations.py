"""Collect ``language/abbreviations.toml`` from spaCy's tokenizer exceptions and CLDR.

    pip download --no-deps --only-binary :all: spacy
    npm pack cldr-segments-full
    python scripts/collect_abbreviations.py spacy-*.whl cldr-segments-full-*.tgz

Words that simplemma's dictionary of the language knows are left out ("ti." ends a sentence).
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import simplemma

TARGET = Path(__file__).parents[1] / "src/kilde/language/abbreviations.toml"
# Our code, spaCy's folder, simplemma's dictionary.
LANGUAGES = [
    ("da", "da", "da"),
    ("sv", "sv", "sv"),
    ("no", "nb", "nb"),
    ("nl", "nl", "nl"),
    ("de", "de", "de"),
    ("en", "en", "en"),
]
_ABBREVIATION = re.compile(r"[^\W\d_](?:[^\W\d_]|[.-](?=[^\W\d_]))*\.")
_HEADER = """\
# Abbreviations from spaCy {spacy} (MIT, tokenizer exceptions) and CLDR {cldr} (Unicode licence,
# segmentation suppressions), without their last stop. Made by scripts/collect_abbreviations.py;
# additions and the abbreviations that may end a sentence are in languages.toml.

"""


def from_spacy(wheel: zipfile.ZipFile, code: str) -> set[str]:
    """The strings of the module that are abbreviations with a stop."""
    tree = ast.parse(wheel.read(f"spacy/lang/{code}/tokenizer_exceptions.py").decode())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ABBREVIATIONS":
            words = ast.literal_eval(node.value)
            found |= {word if word.endswith(".") else f"{word}." for word in words}
    return found


def from_cldr(package: tarfile.TarFile, code: str) -> set[str]:
    """The suppressions of a language; CLDR has them for few."""
    try:
        member = package.extractfile(f"package/segments/{code}/suppressions.json")
    except KeyError:
        return set()
    assert member is not None
    rules = json.load(member)["segments"]["segmentations"].get("SentenceBreak", {})
    return {entry["suppression"] for entry in rules.get("standard", [])}


def main() -> None:
    """Write the table."""
    spacy, cldr = map(Path, sys.argv[1:])
    text = _HEADER.format(
        spacy=spacy.name.split("-")[1], cldr=cldr.name.rsplit("-", 1)[1].removesuffix(".tgz")
    )
    with zipfile.ZipFile(spacy) as wheel, tarfile.open(cldr) as package:
        for code, folder, dictionary in LANGUAGES:
            words = {
                word.lower().rstrip(".")
                for word in from_spacy(wheel, folder) | from_cldr(package, code)
                if _ABBREVIATION.fullmatch(word)
            }
            kept = [
                word
                for word in sorted(words)
                if len(word) > 1 and ("." in word or not simplemma.is_known(word, dictionary))
            ]
            lines = textwrap.fill(" ".join(kept), 100, break_on_hyphens=False)
            text += f'{code} = """\n{lines}\n"""\n\n'
    TARGET.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
