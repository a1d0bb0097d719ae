"""Write requests for week plans and the right plans, to train and to test the agent `week-plan`.

One JSON object on a line, as `kilde.demo.week_plan.rows` describes it, in four files:
`week-plan.{da,en}.{train,test}.jsonl`. Two runs with the same options write the same bytes.

    python scripts/generate_week_plans.py --out DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

from kilde.demo.week_plan import COUNTS, LANGUAGES, to_jsonl
from kilde.demo.week_plan.requests import Split


def write(folder: Path, *, train: int, test: int, seed: int) -> list[Path]:
    """Write the files, `train` and `test` rows for each language, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[Split, int] = {"train": train, "test": test}
    written = []
    for language in LANGUAGES:
        for split, count in counts.items():
            path = folder / f"week-plan.{language}.{split}.jsonl"
            path.write_bytes(to_jsonl(language, split, count, seed).encode("utf-8"))
            written.append(path)
    return written


def main() -> None:
    """Read the options and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    parser.add_argument("--train", type=int, default=COUNTS["train"])
    parser.add_argument("--test", type=int, default=COUNTS["test"])
    parser.add_argument("--seed", type=int, default=0, help="another number gives other rows")
    options = parser.parse_args()
    for path in write(options.out, train=options.train, test=options.test, seed=options.seed):
        print(path)


if __name__ == "__main__":
    main()
