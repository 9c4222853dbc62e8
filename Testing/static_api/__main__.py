"""`python -m Testing.static_api`: print what is wrong; `--write`: make the short list of facts anew."""

import argparse
import json
import sys

from Testing.static_api import rules, ui_files
from Testing.static_api.facts import ALL_FACTS, ROOT, SHORT_LIST, QtFacts
from Testing.static_api.sources import Sources


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m Testing.static_api", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the short list that a bare clone uses")
    options = parser.parse_args()
    if options.write and not ALL_FACTS.is_file():
        parser.error(f"the short list is made of {ALL_FACTS}, which is not there")
    sources, facts = Sources.of_extension(), QtFacts.load()
    found = rules.findings(sources, facts) + ui_files.findings(sources, facts)
    for finding in found:
        print(str(finding).removeprefix(f"{ROOT}/"))
    if options.write:
        SHORT_LIST.write_text(as_text(facts.short_list()), encoding="utf-8")
    return 1 if found else 0


def as_text(short_list: dict) -> str:
    return json.dumps(short_list, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
