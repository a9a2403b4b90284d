"""The shim as it was built: what it exports and imports, what it needs, and how much thread-local memory it takes.

A preloaded library that allocates, locks or throws behind the program's back can deadlock or recurse; most ways to do so
need a symbol, so that their absence from the file is proof."""

import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SHIM = pathlib.Path(os.environ.get("HEAPLEDGER_TEST_BUILD", SOURCE / "build")) / "preload" / "libheapledger_preload.so"
OLDEST_GLIBC = (2, 36)
MOST_THREAD_LOCAL_BYTES = 512

FORBIDDEN = {
    "allocates": r"(malloc|calloc|realloc|reallocarray|free|memalign|posix_memalign|aligned_alloc|valloc|pvalloc|strn?dup|"
                 r"v?asprintf|getline|getdelim|opendir|fdopendir|getcwd|realpath|setenv|putenv|pthread_getattr_np)",
    "reaches operator new or delete": r"_Zn[wa].*|_Zd[la].*",
    "needs the C++ run-time library": r"__cxa_(?!finalize$).*|__gxx_personality.*|_Unwind_.*|_ZSt.*|_ZNS.*|_ZTV.*|_ZTI.*",
    "has thread-local memory that is allocated on first touch": r"__tls_get_addr|__cxa_thread_atexit.*",
    "takes locks": r"pthread_(mutex|rwlock|spin|cond|barrier)_.*|sem_.*|flockfile",
    "uses stdio": r"f?printf|vf?printf|s?n?printf|vs?n?printf|puts|fputs|fputc|putc|fwrite|fread|fopen.*|fdopen|fclose|"
                  r"fflush|perror|stdout|stderr|stdin|__.*printf_chk|setlocale|iconv.*",
}


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, SHIM], stdout=subprocess.PIPE, text=True, check=True).stdout


def dynamic_symbols():
    """(name without version, version or None, defined) of each dynamic symbol."""
    for line in readelf("--dyn-syms").splitlines():
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(":").isdigit():
            name, _, version = words[7].partition("@")
            yield name, version.lstrip("@") or None, words[6] != "UND"


class Shim(unittest.TestCase):
    def setUp(self):
        self.symbols = list(dynamic_symbols())
        self.imports = {name for name, _, defined in self.symbols if not defined}
        self.assertGreater(len(self.imports), 3)

    def test_exports_are_those_of_the_map(self):
        text = (SOURCE / "preload" / "exports.map").read_text(encoding="utf-8")
        listed = set(re.search(r"global:(.*?)local:", re.sub(r"#.*", "", text), re.S)[1].replace(";", " ").split())
        self.assertEqual(listed, {name for name, _, defined in self.symbols if defined})
        self.assertIn("malloc", listed)

    def test_imports(self):
        for problem, names in FORBIDDEN.items():
            with self.subTest(problem=problem):
                self.assertEqual([], sorted(name for name in self.imports if re.fullmatch(names, name)))

    def test_needs_nothing_but_libc(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d"))
        self.assertEqual([], [name for name in needed if not re.fullmatch(r"libc\.so\.6|ld-linux.*", name)])

    def test_needs_no_newer_glibc(self):
        versions = {version for _, version, defined in self.symbols if version and not defined}
        self.assertTrue(versions)
        numbers = {tuple(int(n) for n in v[len("GLIBC_"):].split(".")) for v in versions if v.startswith("GLIBC_2")}
        self.assertEqual([], sorted(number for number in numbers if number > OLDEST_GLIBC))

    def test_thread_local_memory_is_small_and_static(self):
        segment = re.search(r"^\s*TLS\s+\S+\s+\S+\s+\S+\s+\S+\s+(0x[0-9a-f]+)", readelf("-l"), re.M)
        self.assertIsNotNone(segment, "the re-entry guard must be thread-local")
        self.assertLess(int(segment[1], 16), MOST_THREAD_LOCAL_BYTES)
        self.assertIn("STATIC_TLS", readelf("-d"))
        self.assertEqual([], re.findall(r"R_X86_64_(?:DTPMOD64|DTPOFF64|TLSDESC)|R_AARCH64_TLSDESC", readelf("-r")))

    def test_bound_at_start_and_never_unloaded(self):
        flags = readelf("-d")
        self.assertRegex(flags, r"FLAGS.*NOW")
        self.assertIn("NODELETE", flags)
        self.assertNotIn("TEXTREL", flags)

    def test_stack_is_not_executable(self):
        self.assertNotRegex(readelf("-l"), r"GNU_STACK.*RWE")


if __name__ == "__main__":
    unittest.main()
