"""Takes the GPU code of other architectures out of libonnxruntime_providers_cuda.so, so that the file packs small:

    python3 scripts/gpu/slim_provider.py IN OUT [ARCHITECTURE]

The file keeps its size and layout: every fat binary keeps its place and says that it is shorter, zeros follow. Kernels
that exist for the one architecture alone go as well: for 90 these are products for mixtures of experts and for weights
in 4 and 8 bits, which no graph of fewstep has. A session that wanted one would fail when it first loads it. For trying
and timing, not for serving.
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
SIZE_BYTES = 8  # of the last field of a fat binary's header, the bytes after it


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


def fat_binaries(content: bytearray, at: int, end: int) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """Of each: where its entries begin, and of every entry (architecture, begin, end), one after another."""
    while at < end:
        magic, _, header, size = FATBIN.unpack_from(content, at)
        if magic != MAGIC:
            at += ALIGNMENT
            continue
        at += header
        first, last, entries = at, at + size, []
        while at < last:
            _, _, header, size, *_, architecture = ENTRY.unpack_from(content, at)
            entries.append((architecture, at, at + header + size))
            at += header + size
        if at != last:
            raise SystemExit("a fat binary is not laid out as this script knows it")
        yield first, entries


def main(source: str, target: str, architecture: str = "90") -> None:
    content = bytearray(Path(source).read_bytes())
    wanted, kept, blanked = int(architecture), 0, 0
    for first, entries in fat_binaries(content, *section(content, b".nv_fatbin")):
        special = all(found == wanted for found, _, _ in entries)
        code = b"".join(content[begin:end] for found, begin, end in entries if found == wanted and not special)
        size = entries[-1][2] - first
        content[first : first + size] = code.ljust(size, b"\0")
        struct.pack_into("<Q", content, first - SIZE_BYTES, len(code))
        kept += len(code)
        blanked += size - len(code)
    if kept == 0:
        raise SystemExit(f"there is no code for sm_{wanted}")
    Path(target).write_bytes(content)
    print(f"sm_{wanted}: kept {kept / 1e6:.1f} MB of GPU code, blanked {blanked / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
