"""Blanks the GPU code of other architectures in libonnxruntime_providers_cuda.so, so that the file packs small:

    python3 scripts/gpu/slim_provider.py IN OUT [ARCHITECTURE]

The file keeps its size and layout, and every fat binary its headers; the code becomes zeros. Kernels that exist for the
one architecture alone go as well: for 90 these are products for mixtures of experts and for weights in 4 and 8 bits,
which no graph of fewstep has. A session that wanted one would fail when it first loads it. For trying and timing, not
for serving.
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

SECTION = struct.Struct("<IIQQQQIIQQ")  # Elf64_Shdr
FATBIN = struct.Struct("<IHHQ")  # magic, version, bytes of the header, bytes after it
# kind, -, bytes of the header, bytes after it, compressed bytes, -, minor, major, architecture
ENTRY = struct.Struct("<HHIQIIHHI")
MAGIC = 0xBA55ED50
ALIGNMENT = 8


def section(content: bytearray, wanted: bytes) -> tuple[int, int]:
    """Where an ELF file's section of that name begins and ends."""
    (table,) = struct.unpack_from("<Q", content, 40)
    size, count, names = struct.unpack_from("<HHH", content, 58)
    headers = [SECTION.unpack_from(content, table + i * size) for i in range(count)]
    strings = headers[names][4]
    for name, _, _, _, offset, length, *_ in headers:
        if content.startswith(wanted + b"\0", strings + name):
            return offset, offset + length
    raise SystemExit(f"there is no section {wanted.decode()}")


def fat_binaries(content: bytearray, at: int, end: int) -> Iterator[list[tuple[int, int, int]]]:
    """Of each the entries: (architecture, where the code begins, where it ends)."""
    while at < end:
        magic, _, header, size = FATBIN.unpack_from(content, at)
        if magic != MAGIC:
            at += ALIGNMENT
            continue
        at += header
        last, entries = at + size, []
        while at < last:
            _, _, header, size, *_, architecture = ENTRY.unpack_from(content, at)
            entries.append((architecture, at + header, at + header + size))
            at += header + size
        if at != last:
            raise SystemExit("a fat binary is not laid out as this script knows it")
        yield entries


def main(source: str, target: str, architecture: str = "90") -> None:
    content = bytearray(Path(source).read_bytes())
    wanted, kept, blanked = int(architecture), 0, 0
    for entries in fat_binaries(content, *section(content, b".nv_fatbin")):
        special = all(found == wanted for found, _, _ in entries)
        for found, begin, end in entries:
            if found == wanted and not special:
                kept += end - begin
            else:
                blanked += end - begin
                content[begin:end] = bytes(end - begin)
    if kept == 0:
        raise SystemExit(f"there is no code for sm_{wanted}")
    Path(target).write_bytes(content)
    print(f"sm_{wanted}: kept {kept / 1e6:.1f} MB of GPU code, blanked {blanked / 1e6:.1f} MB")


main(*sys.argv[1:])
