#!/usr/bin/env python3
"""Keeps one comment of a run on a pull request: creates it once, edits it ever after.

Usage: comment.py --repository OWNER/NAME (--head OWNER:BRANCH | --pull-request N) --sha COMMIT
                  --run-url URL [--kind WORD] [--author LOGIN] FILE

FILE is Markdown that the pull request's own code wrote, so it is data of a stranger: it may be
of any size and say anything. It is cut to what a comment may hold, and nothing in it can mention,
link, embed, or hide (`defuse`). Which pull request it belongs to comes from the caller, who has it
from GitHub, never from FILE; it has to be open and at COMMIT. Each kind has a comment of its own.

The token is read from GITHUB_TOKEN, the server's address from GITHUB_API_URL. Ends with 0 when
the comment is there or nobody waits for it any more, 1 when the server refuses, 2 on wrong usage.
"""

import argparse
import os
import re
import sys
import time
import urllib.parse

from github_api import Api, Refused

# What GitHub takes: 65,536 characters. Bytes are counted here, which are never fewer.
LIMIT = 65_536
# Nothing is read beyond this, whatever the run left behind.
READ_LIMIT = 1 << 20
# Between a dangerous character and what follows it: shows nothing, and breaks the syntax.
BREAK = "\u200b"


def defuse(text):
    """The text with its layout, and without anything that acts.

    Left are headings, lists, tables, emphasis, code and `<details>`. A mention, a link, an image, a
    reference to an issue, an entity or any other HTML loses its meaning: an invisible character is
    put behind its first one. That holds inside code as well, so that nothing depends on finding
    where code ends as GitHub does.
    """
    text = text.replace("\r\n", "\n").replace("\0", "")
    # Directions of writing could make a text read as another one.
    text = re.sub("[\u202a-\u202e\u2066-\u2069]", "", text)
    text = re.sub(r"@(?=[\w-])", "@" + BREAK, text)
    text = re.sub(r"#(?=\d)", "#" + BREAK, text)
    text = re.sub(r"(?i)\b(GH-)(?=\d)", r"\1" + BREAK, text)
    text = re.sub(r"\](?=[\[(:])", "]" + BREAK, text)
    text = re.sub(r":(?=//)", ":" + BREAK, text)
    text = re.sub(r"(?i)\b(www|mailto|xmpp)(?=[.:])", r"\1" + BREAK, text)
    text = re.sub(r"&(?=[#\w])", "&" + BREAK, text)
    return re.sub(r"<(?!/?(?:details|summary)>)(?=[\w/!?])", "<" + BREAK, text)


def cut(text, limit, notice):
    """The whole lines that fit `limit` bytes, with everything open closed, and `notice`."""
    if len(text.encode()) <= limit:
        return text
    room = limit - len(notice.encode()) - 100
    kept, used, fence, details = [], 0, None, 0
    for line in text.splitlines(keepends=True):
        used += len(line.encode())
        if used > room or details > 4:
            break
        kept.append(line)
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if fence is None and mark:
            fence = mark[1]
        elif fence and mark and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = None
        elif fence is None:
            details += line.count("<details>") - line.count("</details>")
    ends = "\n" + (fence[:40] + "\n" if fence else "") + "</details>\n" * max(details, 0)
    return "".join(kept) + ends + notice


def marker(kind):
    """The first line of a comment, by which it is found again."""
    return f"<!-- hil: {kind} -->"


def body(text, kind, sha, run_url):
    """The comment: what this script vouches for around what the run said."""
    head = f"{marker(kind)}\n"
    foot = f"\n\n<sub>Run of {sha}: [log and report]({run_url}). Text above was written by that run.</sub>\n"
    notice = f"\n**Cut here:** the report is longer than a comment may be. [All of it]({run_url}).\n"
    room = LIMIT - len((head + foot).encode())
    return head + cut(defuse(text), room, notice) + foot


def pull_request(api, repository, number, head, sha):
    """The number of the open pull request whose head is this commit, or `None`."""
    if number is not None:
        item = api.call("GET", f"/repos/{repository}/pulls/{number}")[0]
        return number if item["state"] == "open" and item["head"]["sha"] == sha else None
    query = urllib.parse.urlencode({"state": "open", "head": head, "per_page": 100})
    for item in api.pages(f"/repos/{repository}/pulls?{query}"):
        if item["head"]["sha"] == sha:
            return int(item["number"])
    return None


def post(api, repository, number, author, kind, text):
    """Edits our comment, or creates it; returns what was done and its address."""
    # Whoever writes the marker into a comment of their own does not make it ours.
    path = f"/repos/{repository}/issues/{number}/comments"
    for comment in api.pages(f"{path}?per_page=100"):
        ours = comment["user"] and comment["user"]["login"] == author
        if ours and (comment["body"] or "").startswith(marker(kind)):
            try:
                edit = f"/repos/{repository}/issues/comments/{int(comment['id'])}"
                return "edited", api.call("PATCH", edit, {"body": text})[0]["html_url"]
            except Refused as refused:
                # Deleted between the two calls.
                if refused.code != 404:
                    raise
    return "created", api.call("POST", path, {"body": text})[0]["html_url"]


def pattern(expression, what):
    """A type for argparse."""

    def check(value):
        if not re.fullmatch(expression, value):
            raise argparse.ArgumentTypeError(f"`{value}` is no {what}")
        return value

    return check


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repository", required=True, type=pattern(r"[\w.-]+/[\w.-]+", "OWNER/NAME"))
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--head", type=pattern(r"[\w.-]+:.{1,255}", "OWNER:BRANCH"))
    which.add_argument("--pull-request", type=int)
    parser.add_argument("--sha", required=True, type=pattern(r"[0-9a-f]{40}", "commit of 40 hex digits"))
    parser.add_argument("--run-url", required=True, type=pattern(r"https?://[\w.:/-]+", "address"))
    parser.add_argument("--kind", default="report", type=pattern(r"[a-z-]+", "kind of comment"))
    parser.add_argument("--author", default="github-actions[bot]")
    parser.add_argument("file", metavar="FILE")
    return parser.parse_args(words)


def main(words, sleep=time.sleep):
    args = arguments(words)
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        print("GITHUB_TOKEN is not set; expected a token with `pull-requests: write`", file=sys.stderr)
        return 2
    try:
        with open(args.file, "rb") as file:
            data = file.read(READ_LIMIT)
    except OSError as error:
        print(f"cannot read the comment's text {args.file}: {error.strerror}", file=sys.stderr)
        return 2
    text = data.decode("utf-8", "replace").strip()
    if not text:
        print(f"{args.file} is empty; expected the comment's text in Markdown", file=sys.stderr)
        return 2
    api = Api(os.environ.get("GITHUB_API_URL", "https://api.github.com"), token, sleep)
    try:
        number = pull_request(api, args.repository, args.pull_request, args.head, args.sha)
        if number is None:
            wanted = args.head or f"#{args.pull_request}"
            print(f"no open pull request {wanted} is at {args.sha}: nothing to comment on")
            return 0
        text = body(text, args.kind, args.sha, args.run_url)
        done, url = post(api, args.repository, number, args.author, args.kind, text)
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, ValueError) as error:
        print(f"error: the server's answer is not as documented: {error!r}", file=sys.stderr)
        return 1
    print(f"{done} the comment on #{number}: {url}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
