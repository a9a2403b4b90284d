"""The pages that define the two formats name the version and the numbers that the code has."""

import pathlib
import re
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def text_of(path):
    return (SOURCE / path).read_text(encoding="utf-8")


def numbers_of(path, enumeration):
    """{name: number} of an enum class."""
    body = re.search(rf"enum class {enumeration} : [\w:]+ {{(.*?)\n}};", text_of(path), re.S)[1]
    return {name: int(number) for name, number in re.findall(r"^\s*(\w+) = (\d+)", body, re.M)}


def numbers_in_table(path, header):
    """{name: number} of the table under this header line, whose first two columns are number and name, or the first and
    last number and all names of a few."""
    table = text_of(path).split(header, 1)[1].split("\n\n", 1)[0]
    rows = re.findall(r"^\| (\d+)(?:-\d+)? \| ([\w, ]+) \|", table, re.M)
    return {name: number for first, names in rows for number, name in enumerate(names.split(", "), int(first))}


class Pages(unittest.TestCase):
    """One test for each thing that is told twice, in a page and in the code."""

    def check_version(self, page, code):
        version = re.search(r"kVersion = (\d+);", text_of(code))[1]
        self.assertEqual([version], re.findall(r"^# .*, version (\d+)$", text_of(page), re.M))
        return version

    def test_version_of_the_raw_trace(self):
        version = self.check_version("trace/README.md", "trace/format.h")
        self.assertEqual([version], re.findall(r"^ +8  version +4 bytes +(\d+);", text_of("trace/README.md"), re.M))

    def test_version_of_the_ledger(self):
        self.check_version("analyzer/ledger/README.md", "analyzer/ledger/file_format.h")

    def test_kinds_of_records(self):
        told = numbers_in_table("trace/README.md", "| kind | name | fields | meaning |")
        self.assertEqual(numbers_of("trace/format.h", "Kind"), told)

    def test_tags_of_sections(self):
        told = numbers_in_table("analyzer/ledger/README.md", "| tag | name | payload |")
        self.assertEqual(numbers_of("analyzer/ledger/file_format.h", "Tag"), told)


if __name__ == "__main__":
    unittest.main()
