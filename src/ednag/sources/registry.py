"""The registry of upstream files, `sources.yaml`."""

import difflib
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    Field,
    PrivateAttr,
    Strict,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from ednag.errors import EdnagError
from ednag.files import user_path
from ednag.own_code import registries
from ednag.sources.shape import KINDS, kind_of
from ednag.yaml_files import read_yaml

REGISTRY_NAME = "sources.yaml"
#: Beginnings of an address; see `ednag.sources.transfer`.
SCHEMES = ("https://", "http://", "doi:", "gdrive:", "package:")

# `$` is the end of the text, as in Rust. `Text` is one line without invisible characters.
Text = Annotated[str, Strict(), StringConstraints(pattern=r"^[^\p{C}\p{Zl}\p{Zp}]+$")]
Identifier = Annotated[
    str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=200)
]
Sha256 = Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Sha1 = Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Md5 = Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Sha256Prefix = Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{8,63}$")]
Md5Suffix = Annotated[str, Strict(), StringConstraints(pattern=r"^[0-9a-f]{6}$")]
Bytes = Annotated[int, Strict(), Field(ge=0)]
#: Address of a content in the archive of Software Heritage, by git's name of it.
ARCHIVE = "https://archive.softwareheritage.org/api/1/content/sha1_git:{}/raw/"
#: Fields with a part of a checksum, which a file made for it can have.
_PARTS = ("sha256_prefix", "md5_suffix")
#: Bytes of a file's name; the cache adds suffixes to it, and file systems take 255.
_LONGEST_NAME = 200
#: Bytes that a download may have where the registry states neither size nor `least_size`.
_LARGEST_UNKNOWN = 1 << 30
# For example `-f37072fd.` in names of torch.hub and NAS-Bench-201; has letters and digits.
_CHECKSUM_IN_NAME = re.compile(r"-(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{6,64}\.")


class Source(BaseModel, frozen=True, extra="forbid"):
    """One upstream file.

    `size` is in bytes. `sha256_prefix` and `md5_suffix` (six digits) are parts of checksums in the
    names of files; `git_blob_sha1` is git's name of the content. `kind` (of `ednag.sources.shape`;
    by default that of the suffix) and `least_size` in bytes are checked before a file without a
    whole checksum is trusted. `stand_in` is the replacement of an `unpublished` file.
    """

    id: Identifier
    file: Text
    addresses: tuple[Text, ...] = ()
    size: Bytes | None = None
    sha256: Sha256 | None = None
    sha256_prefix: Sha256Prefix | None = None
    md5: Md5 | None = None
    md5_suffix: Md5Suffix | None = None
    git_blob_sha1: Sha1 | None = None
    kind: Text | None = None
    least_size: Annotated[Bytes, Field(ge=1)] | None = None
    licence: Text | None = None
    needed_for: tuple[Text, ...] = ()
    evidence: Text | None = None
    note: Text | None = None
    status: Literal["published", "unpublished"] = "published"
    stand_in: Text | None = None
    _folder: Path | None = PrivateAttr(None)

    @property
    def folder(self) -> Path | None:
        """The folder that a file of the user's own is in, with its registry; else None."""
        return self._folder

    @field_validator("file")
    @classmethod
    def _stays_inside_its_folder(cls, file: str) -> str:
        parts = PurePosixPath(file).parts
        if file.startswith("/") or ".." in parts or str(PurePosixPath(file)) != file:
            raise ValueError("must be a relative path without '..'")
        if re.search(r'[\\:\x00-\x1f\x7f*?"<>|]', file):
            raise ValueError('must not hold control characters or any of \\ : * ? " < > |')
        if not all(part[0].isalnum() or part[0] == "_" for part in parts) or not parts:
            raise ValueError("each part of the path must begin with a letter, a digit or '_'")
        if len(file.encode()) > _LONGEST_NAME:
            raise ValueError(f"must have at most {_LONGEST_NAME} bytes")
        return file

    @field_validator("addresses")
    @classmethod
    def _addresses_can_be_followed(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            if not address.startswith(SCHEMES) or re.search(r"\s", address):
                raise ValueError(f"'{address}' does not begin with one of {' '.join(SCHEMES)}")
        if len(set(addresses)) < len(addresses):
            raise ValueError("an address stands there twice")
        return addresses

    @field_validator("kind")
    @classmethod
    def _kind_is_known(cls, kind: str | None) -> str | None:
        if kind is not None and kind not in KINDS:
            raise ValueError(f"unknown kind '{kind}'; allowed: {', '.join(KINDS)}")
        return kind

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Source":
        if self.md5 and self.md5_suffix and not self.md5.endswith(self.md5_suffix):
            raise ValueError("md5 does not end in md5_suffix")
        if self.sha256 and self.sha256_prefix and not self.sha256.startswith(self.sha256_prefix):
            raise ValueError("sha256 does not begin with sha256_prefix")
        if self.checksum is None and (stated := _CHECKSUM_IN_NAME.search(self.file)):
            raise ValueError(
                f"the file's name states a checksum ({stated[0][1:-1]}); "
                "give it as sha256_prefix or md5_suffix"
            )
        if (self.status == "published") != bool(self.addresses):
            raise ValueError("a published file has an address, an unpublished one has none")
        return self

    @property
    def checksum(self) -> str | None:
        """The field of the strongest published checksum, or of a part of one; None without any."""
        fields = ("sha256", "git_blob_sha1", "md5", *_PARTS)
        return next((name for name in fields if getattr(self, name)), None)

    @property
    def remote(self) -> tuple[str, ...]:
        """Addresses to download from, in their order; the last is Software Heritage's archive.

        The archive names a content `swh:1:cnt:` and git's name of it, so that it has an address for
        each file with a `git_blob_sha1`. Not every content is archived.
        """
        online = tuple(each for each in self.addresses if not each.startswith("package:"))
        return (*online, ARCHIVE.format(self.git_blob_sha1)) if self.git_blob_sha1 else online

    @property
    def has_checksum(self) -> bool:
        """Whether a whole checksum is published; a part of one alone decides nothing."""
        return self.checksum is not None and self.checksum not in _PARTS

    @property
    def only_part(self) -> str:
        """`md5 suffix only` if just a part of a checksum is published; "" otherwise."""
        weak = self.checksum if self.checksum in _PARTS else None
        return f"{weak.replace('_', ' ')} only" if weak else ""

    @property
    def largest_size(self) -> int:
        """Bytes after which a download is stopped: `size`, or four times `least_size` or 1 GiB."""
        if self.size is not None:
            return self.size
        return max(4 * (self.least_size or 0), _LARGEST_UNKNOWN)

    @property
    def shape(self) -> str | None:
        """Its kind; None if there is no `kind` and the suffix is not known."""
        return self.kind or kind_of(self.file)


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in the YAML file at `path`; raises EdnagError if there is none."""
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        raise EdnagError(f"{path} does not exist; name the file with --registry") from None
    except OSError as error:
        raise EdnagError(f"{path} cannot be read ({error.strerror}); name another file") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise EdnagError(f"{path}:1: holds no mapping from id to entry; see docs/data.md")
    return content


def registry_path() -> Path:
    """The registry: `$EDNAG_REGISTRY`, `./sources.yaml`, the clone's, or the packaged one."""
    if path := os.environ.get("EDNAG_REGISTRY"):
        return user_path(path)
    module = Path(__file__).resolve()
    packaged = module.with_name(REGISTRY_NAME)
    for candidate in (Path(REGISTRY_NAME), module.parents[3] / REGISTRY_NAME, packaged):
        if candidate.is_file():
            return candidate
    raise EdnagError(f"no {REGISTRY_NAME} in {Path.cwd()}; run in a clone or set EDNAG_REGISTRY")


def load_registry(path: Path | None = None) -> dict[str, Source]:
    """Id -> source, in the file's order, then the user's own (`ednag.own_code.registries`).

    Raises:
        EdnagError: A file is no registry (the message has the line or entry), or an id is taken.
    """
    path = path or registry_path()
    registry = _read(path)
    for own in registries():
        if own.resolve() == path.resolve():
            continue
        for id, source in _read(own).items():
            if id in registry:
                raise EdnagError(f"{own}: {id!r} is in another registry; give it its own id")
            source._folder = own.parent
            registry[id] = source
    return registry


def _read(path: Path) -> dict[str, Source]:
    registry = {}
    for key, entry in read_mapping(path).items():
        if not isinstance(entry, dict):
            raise EdnagError(f"{path}: entry '{key}' holds no fields; see docs/data.md")
        try:
            source = Source.model_validate({**entry, "id": key})
        except (ValidationError, TypeError) as error:
            raise EdnagError(f"{path}: entry '{key}': {first_fault(error)}") from error
        if not source.has_checksum and (source.shape is None or not source.least_size):
            raise EdnagError(
                f"{path}: entry '{key}': no whole checksum (sha256, git_blob_sha1 or md5), so give "
                "'kind' (one of "
                f"{', '.join(KINDS)}; by default what the suffix says) and 'least_size' in bytes: "
                "they are checked before the file is trusted"
            )
        registry[str(key)] = source
    return registry


def first_fault(error: Exception) -> str:
    """What is wrong with an entry, with the name of the field."""
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in fault["loc"])
    return f"field '{field}': {fault['msg']}" if field else str(fault["msg"])


def find_source(registry: Mapping[str, Source], id: str) -> Source:
    """The entry `id`; raises EdnagError that names the closest valid id."""
    if id in registry:
        return registry[id]
    lowered = {valid.lower(): valid for valid in registry}
    close = difflib.get_close_matches(id.lower(), lowered, n=1, cutoff=0.0)
    meant = f"did you mean '{lowered[close[0]]}'? " if close else ""
    raise EdnagError(f"no source is called '{id}'; {meant}`ednag sources list` shows all")


def own_file_changed(source: Source) -> str:
    """The message where a file of the user's own is missing, or is not the one in its registry."""
    return (
        f"{source.id}: {source.folder} has no {source.file} with the sha256 in own-sources.yaml; "
        f"put it there, or enter the file that is there: cd {shlex.quote(str(source.folder))} && "
        f"ednag sources add {source.id} --path {shlex.quote(source.file)}"
    )


def select_sources(
    registry: Mapping[str, Source], ids: Iterable[str], purposes: Iterable[str]
) -> dict[str, Source]:
    """Sources by id and those needed for purposes, or all; raises EdnagError for unknown names."""
    selected = {id: find_source(registry, id) for id in ids}
    known = {purpose for source in registry.values() for purpose in source.needed_for}
    for purpose in purposes:
        if purpose not in known:
            raise EdnagError(
                f"nothing is needed for '{purpose}'; known: {', '.join(sorted(known))}"
            )
        selected |= {s.id: s for s in registry.values() if purpose in s.needed_for}
    return selected or dict(registry)


def dump_registry(registry: Mapping[str, Source]) -> str:
    """The registry as canonical YAML: sorted by id, in `Source`'s order, absent fields left out."""
    options: dict[str, Any] = {"sort_keys": False, "width": 10_000, "allow_unicode": True}
    entries = {
        id: registry[id].model_dump(exclude={"id"}, exclude_defaults=True, mode="json")
        for id in sorted(registry)
    }
    return "\n".join(
        yaml.dump({id: fields}, Dumper=_Dumper, **options) for id, fields in entries.items()
    )


class _Dumper(yaml.SafeDumper):
    """Indents the items of a list."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        """Indent a list below its key."""
        return super().increase_indent(flow, False)


def without_entry(text: str, id: str) -> str:
    """The registry `text` without the entry `id`."""
    return re.sub(rf"^'?{re.escape(id)}'?:.*\n(?: .*\n|\n)*", "", text, flags=re.M)


def insert_entry(text: str, source: Source) -> str:
    """The registry `text` with `source` in the order of ids; raises EdnagError if it has its id."""
    block = dump_registry({source.id: source})
    for entry in re.finditer(r"^'?(?P<id>[A-Za-z0-9][A-Za-z0-9._-]*)'?:", text, re.M):
        if entry["id"] == source.id:
            raise EdnagError(f"'{source.id}' is in the registry already; edit its entry there")
        if entry["id"] > source.id:
            return f"{text[: entry.start()]}{block}\n{text[entry.start() :]}"
    # Strips line ends only; other white space may belong to a value.
    return "{}\n\n{}".format(text.rstrip("\n"), block).lstrip("\n")
