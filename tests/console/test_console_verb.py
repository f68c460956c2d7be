"""The verb: `undercroft console`."""

import argparse
import re
import subprocess
import sys
import urllib.request

import pytest

from undercroft.cli import console
from undercroft.model.result import ScanResult
from undercroft.report import json as report_json


def arguments(*words):
    parser = argparse.ArgumentParser()
    console.configure(parser)
    return parser.parse_args(words)


def test_a_file_that_is_no_report_ends_with_status_two(tmp_path, capsys):
    file = tmp_path / "x.json"
    file.write_text("[]", encoding="utf-8")
    assert console.run(arguments(str(file))) == 2
    assert console.run(arguments(str(tmp_path / "missing.json"))) == 2
    assert "undercroft console: report is list, not an object" in capsys.readouterr().err


def test_a_report_or_a_page_has_to_be_named():
    with pytest.raises(SystemExit):
        arguments()


def test_the_printed_link_shows_the_report_until_interrupted(tmp_path):
    file = tmp_path / "scan.json"
    file.write_text(report_json.render(ScanResult((".",), (), (), (), (), 3, 0)), encoding="utf-8")
    code = "import sys, argparse; from undercroft.cli import console; p = argparse.ArgumentParser(); console.configure(p); sys.exit(console.run(p.parse_args()))"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            link = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", link)
            with urllib.request.urlopen(link, timeout=10) as answer:
                assert "Nothing found" in answer.read().decode()
            process.send_signal(2)
            assert process.wait(10) == 0
        finally:
            process.kill()
