"""Unpacking of verified archives: once, whole or not at all, with a list to check it by."""

from pathlib import Path

from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.sources.places import beside
from ednag.sources.verification import checksum_line, digest
from ednag.unpacking import unpack


def extract(archive: Path, folder: Path) -> dict[str, str]:
    """Unpack `archive` into `folder`; path in the folder -> sha256 of each file.

    Writes nothing if `folder` already holds exactly these files. Their list is beside the folder,
    as `<folder>.sha256`; `sha256sum -c` accepts it inside the folder. After an error nothing of the
    archive is left.

    Raises EdnagError as `ednag.unpacking.unpack`, or if the folder holds other files.
    """
    listing = folder.with_name(f"{folder.name}.sha256")
    heading = f"# {digest(archive).sha256}\n"
    if (sums := _intact(folder, listing, heading)) is not None:
        return sums
    if folder.exists() and not listing.is_file() and any(folder.iterdir()):
        raise EdnagError(f"{folder} holds files that are not from {archive.name}; remove it first")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as fresh:
        fresh.mkdir()
        sums = unpack(archive, fresh)
        write_text(listing, heading + _listed(sums))
        if folder.exists():
            folder.rename(fresh.with_name("replaced"))
        fresh.rename(folder)
    return sums


def _intact(folder: Path, listing: Path, heading: str) -> dict[str, str] | None:
    """Path -> sha256 if `folder` holds exactly the files in `listing`, which has this heading."""
    if not (folder.is_dir() and listing.is_file()):
        return None
    text = listing.read_text(encoding="utf-8")
    if not text.startswith(heading):
        return None
    sums = {
        path.relative_to(folder).as_posix(): digest(path).sha256
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
    return sums if heading + _listed(sums) == text else None


def _listed(sums: dict[str, str]) -> str:
    return "".join(checksum_line(sums[name], name) for name in sorted(sums))
