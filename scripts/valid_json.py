#!/usr/bin/env python3
"""Checks that files are JSON; comments (// and /* */) are allowed in configurations, not in others."""

import json
import re
import sys

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def without_comments(text):
    """The same text, with blanks in place of comments, so that lines and columns stay."""
    return TOKEN.sub(lambda match: match.group() if match.group().startswith('"')
                     else re.sub(r"[^\n]", " ", match.group()), text)


def main():
    status = 0
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        is_configuration = "conf/" in name and not name.endswith("schema.json")
        try:
            json.loads(without_comments(text) if is_configuration else text)
        except json.JSONDecodeError as error:
            print(f"{name}:{error.lineno}:{error.colno}: {error.msg}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
