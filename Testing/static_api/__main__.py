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
    parser.add_argument("--bare", action="store_true", help="look up in the short list only, as a bare clone does")
    options = parser.parse_args()
    if options.write and not ALL_FACTS.is_file():
        parser.error(f"the short list is made of {ALL_FACTS}, which is not there")
    sources, facts = Sources.of_extension(), QtFacts.of_short_list() if options.bare else QtFacts.load()
    found = [str(each) for each in rules.findings(sources, facts) + ui_files.findings(sources, facts)]
    short_list = json.dumps(facts.short_list(), indent=1, sort_keys=True) + "\n"
    if options.write:
        SHORT_LIST.write_text(short_list, encoding="utf-8")
    elif not options.bare and ALL_FACTS.is_file() and SHORT_LIST.read_text(encoding="utf-8") != short_list:
        found.append(f"{SHORT_LIST} is not current; run: {parser.prog} --write")
    for finding in found:
        print(finding.removeprefix(f"{ROOT}/"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
