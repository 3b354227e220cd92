#!/usr/bin/env python3
"""Whether a comment on a pull request lets its code run on real boards, and which commit.

Usage: hil_command.py            (reads GITHUB_EVENT_PATH, writes GITHUB_OUTPUT)

The command is the comment's first line: `/hil COMMIT [FILTER…]`, with all 40 digits of the commit
that was reviewed. It counts if its author may write to the repository and the commit is the pull
request's head. A push after the review therefore runs nothing: the commit is part of the consent,
and everything later checks out that commit, never a branch.

Outputs `run` (`true` or `false`), `sha` and `filters`. Ends with 0 when it decided, 1 when the
command is refused, with the reason.
"""

import json
import os
import re
import sys
import time

from github_api import Api, Refused

# First what the event says, which costs nothing; then what the server says now.
ASSOCIATIONS = {"OWNER", "MEMBER", "COLLABORATOR"}
PERMISSIONS = {"admin", "write"}


class Denied(Exception):
    """The command is not carried out; the message says why."""


def parse(text):
    """Commit and filters of a command, or `None` if the comment is none."""
    words = (text.splitlines() or [""])[0].split()
    if not words or words[0] != "/hil":
        return None
    if len(words) < 2 or not re.fullmatch(r"[0-9a-f]{40}", words[1]):
        raise Denied("expected `/hil COMMIT [FILTER…]` with all 40 digits of the reviewed commit")
    for word in words[2:]:
        # They become arguments of a program: no options, no quoting, no expansion.
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_:.-]{0,63}", word):
            raise Denied("a filter is letters, digits and _ : . - only, such as `T05` or `wrong_apn`")
    return words[1], words[2:]


def decide(event, api, repository):
    """Commit and filters to run, or `None` if the event asks for nothing."""
    issue, comment = event["issue"], event["comment"]
    if event["action"] != "created" or "pull_request" not in issue:
        return None
    asked = parse(comment["body"] or "")
    if asked is None:
        return None
    login = comment["user"]["login"]
    if comment["author_association"] not in ASSOCIATIONS:
        raise Denied(f"{login} is no member or collaborator of this repository")
    granted = api.call("GET", f"/repos/{repository}/collaborators/{login}/permission")[0]
    if granted["permission"] not in PERMISSIONS:
        raise Denied(f"{login} may only {granted['permission']} here; boards take who may write")
    pull = api.call("GET", f"/repos/{repository}/pulls/{int(issue['number'])}")[0]
    if pull["state"] != "open":
        raise Denied("the pull request is not open")
    if pull["head"]["sha"] != asked[0]:
        raise Denied(f"the head is {pull['head']['sha']} now, not the commit named: review it first")
    return asked


def main(sleep=time.sleep):
    env = os.environ
    with open(env["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
        event = json.load(file)
    api = Api(env.get("GITHUB_API_URL", "https://api.github.com"), env["GITHUB_TOKEN"], sleep)
    try:
        asked = decide(event, api, env["GITHUB_REPOSITORY"])
    except (Denied, Refused) as reason:
        print(f"refused: {reason}", file=sys.stderr)
        return 1
    outputs = {"run": "false"}
    if asked:
        outputs = {"run": "true", "sha": asked[0], "filters": " ".join(asked[1])}
    # No value has a line break: `parse` saw to that.
    with open(env["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())
    print(outputs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
