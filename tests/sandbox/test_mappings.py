"""A fork server's memory: fewer mappings, its code on huge pages, the same contents at the same addresses."""

import os
from pathlib import Path

from tests.sandbox.world import descendants

from stepsmith.sandbox import levels, native
from stepsmith.sandbox.executable import Executable, RunLimits, RunOutcome
from stepsmith.sandbox.launch import Setup
from stepsmith.sandbox.mappings import ENTRY, EXECUTE, FEW, READ, WRITE, Part, parts_of, touched

LIBRARY = "/usr/lib/with a space.so"
MAPS = f"""\
10000-11000 r--p 00000000 fe:00 1 {LIBRARY}
11000-13000 r-xp 00001000 fe:00 1 {LIBRARY}
13000-14000 r--p 00003000 fe:00 1 {LIBRARY}
14000-15000 r--p 00003000 fe:00 1 {LIBRARY}
15000-16000 rw-p 00004000 fe:00 1 {LIBRARY}
16000-18000 rw-p 00000000 00:00 0
18000-19000 rw-p 00000000 00:00 0 [heap]
20000-21000 r--p 00000000 fe:00 2 /usr/lib/locale/data
21000-22000 rw-s 00000000 00:01 3 /dev/zero
30000-31000 rw-p 00000000 00:00 0 [stack]
31000-32000 r-xp 00000000 00:00 0 [vdso]
"""


def test_what_becomes_one_mapping() -> None:
    assert parts_of(MAPS) == [
        Part(0x10000, 0x14000, READ | EXECUTE, LIBRARY, 0x4000),
        Part(0x14000, 0x16000, READ | WRITE, LIBRARY, 0x5000),
        Part(0x16000, 0x18000, READ | WRITE, "", 0x2000),
        Part(0x18000, 0x19000, READ | WRITE, "[heap]", 0x1000),
    ]


def test_a_file_whose_code_is_beside_its_data_keeps_both() -> None:
    found = parts_of("1000-2000 r-xp 0 fe:00 1 /x\n2000-3000 rw-p 1000 fe:00 1 /x\n3000-4000 r--p 2000 fe:00 1 /x\n")
    assert [(part.start, part.end, part.rights) for part in found] == [
        (0x1000, 0x2000, READ | EXECUTE),
        (0x2000, 0x4000, READ | WRITE),
    ]


def test_only_pages_in_memory_are_moved() -> None:
    present, swapped, untouched = 1 << 63, 1 << 62, 1 << 55
    pages = [untouched] * 5 + [present] * 30 + [untouched] * 3 + [swapped] + [untouched] * 40 + [present] * 3
    pages += [untouched] * FEW + [present] * FEW
    assert touched(b"".join(map(ENTRY.pack, pages))) == [(5, 34), (82 + FEW, FEW)]
    assert touched(b"") == []


def test_a_worker_has_few_mappings_and_none_to_write_code(best: int, library_folder: Path) -> None:
    program = Executable(kind="python", code=b"import json\nprint(json.dumps({'a': [1.5, None]}))")
    limits = RunLimits(cpu_s=1, wall_s=5, memory_mb=128, output_bytes=1000)
    counts = {}
    for folder in ("", str(library_folder) if native.library(library_folder) else ""):
        with levels.start(best, Setup(library_folder=folder)) as worker:
            assert worker.open(program, limits).ok
            outcome = worker.run(b"")
            assert isinstance(outcome, RunOutcome)
            assert outcome.stdout == b'{"a": [1.5, null]}\n'
            (helper,) = descendants(worker.server.pid) - {worker.server.pid}
            maps = Path(f"/proc/{helper}/maps").read_text()
            counts[folder] = len(maps.splitlines())
            assert not [line for line in maps.splitlines() if "wx" in line.split()[1]]
    if len(counts) == 2 and os.sysconf("SC_PAGESIZE") == 4096:
        assert counts[str(library_folder)] < 0.8 * counts[""]
