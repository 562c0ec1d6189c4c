"""The registry: what stands in `sources.yaml`, and what the reader makes of anything else."""

import csv
import re
from pathlib import Path
from pkgutil import resolve_name

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ednag.errors import EdnagError
from ednag.sources.registry import (
    Source,
    dump_registry,
    find_source,
    insert_entry,
    load_registry,
    registry_path,
)
from ednag.sources.shape import KINDS

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = load_registry(ROOT / "sources.yaml")
FACTS = ROOT.parent / "shared" / "spec" / "sources.csv"


def test_registry_is_sorted_and_canonical() -> None:
    assert list(REGISTRY) == sorted(REGISTRY)
    text = (ROOT / "sources.yaml").read_text()
    entries = text[re.search(r"^\w", text, re.M).start() :]  # type: ignore[union-attr]
    assert entries == dump_registry(REGISTRY)


def test_files_and_addresses_are_unique() -> None:
    files = [source.file for source in REGISTRY.values()]
    assert len(set(files)) == len(files)
    addresses = [each for source in REGISTRY.values() for each in source.addresses]
    assert len(set(addresses)) == len(addresses)


def test_every_entry_says_what_needs_it_and_how_it_is_known() -> None:
    for source in REGISTRY.values():
        assert source.needed_for, source.id
        assert source.evidence, source.id
        if source.status == "unpublished":
            assert source.stand_in, source.id


def test_addresses_are_pinned_to_a_commit() -> None:
    for source in REGISTRY.values():
        for address in source.addresses:
            if "raw.githubusercontent" in address:
                assert re.search(r"/[0-9a-f]{40}/", address), address


def test_file_names_that_carry_their_md5_agree_with_it() -> None:
    checked = 0
    for source in REGISTRY.values():
        if found := re.search(r"NAS-Bench-201-.*-([0-9a-f]{6})\.pth$", source.file):
            ending = source.md5[-6:] if source.md5 else source.md5_suffix
            assert ending == found[1]
            checked += 1
    assert checked == 2


def test_registry_agrees_with_the_facts() -> None:
    if not FACTS.is_file():
        pytest.skip("needs ../shared/spec/sources.csv beside the clone")
    with FACTS.open(encoding="utf-8", newline="") as stream:
        # The facts may name files that nothing here needs yet.
        rows = [row for row in csv.DictReader(stream) if row["id"] in REGISTRY]
    assert len(rows) > 50
    for row in rows:
        source = REGISTRY[row["id"]]
        assert source.file == row["file"]
        assert list(source.addresses) == row["urls"].split()
        assert str(source.size or "") == row["size_bytes"]
        assert (source.sha256 or "") == row["sha256"]
        suffix = f"*{source.md5_suffix}" if source.md5_suffix else ""
        assert (source.md5 or suffix) == row["md5"]
        assert (source.git_blob_sha1 or "") == row["git_blob_sha1"]
        assert (source.licence or "") == row["licence"]
        assert source.evidence == row["evidence"]


def test_files_that_a_benchmark_table_can_need_have_an_entry() -> None:
    from ednag import tables

    needed = set()
    for datasets in (*tables.TABLES.values(), *tables.FURTHER.values()):
        for where in datasets.values():
            needed.update(resolve_name(where).sources)
    needed.update(tables.OFFICIAL)
    assert needed
    assert needed <= set(REGISTRY), sorted(needed - set(REGISTRY))


def test_what_no_whole_checksum_holds_has_a_shape() -> None:
    trusted = [id for id, source in REGISTRY.items() if not source.has_checksum]
    assert trusted == [
        "aircraft100-by-label",
        "imagenet32-by-label",
        "mbv3-database",
        "mbv3-supernet",
        "nasbench201-v1_0",
        "pets-test",
        "pets-train",
        "resnet18-imagenet",
    ]
    assert all(REGISTRY[id].shape == "torch" for id in trusted)
    assert REGISTRY["resnet18-imagenet"].checksum == "sha256_prefix"


def test_a_date_in_a_name_is_no_checksum() -> None:
    Source.model_validate({**GOOD, "file": "a-20240131.pt"})


def test_unknown_id_names_the_closest() -> None:
    with pytest.raises(EdnagError, match="did you mean 'nats-bench-csv'"):
        find_source(REGISTRY, "nats_bench.csv")
    with pytest.raises(EdnagError, match="ednag sources list"):
        find_source({}, "anything")


def test_places_of_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert registry_path() == ROOT / "sources.yaml"
    (tmp_path / "sources.yaml").touch()
    assert registry_path() == Path("sources.yaml")
    monkeypatch.setenv("EDNAG_REGISTRY", "elsewhere.yaml")
    assert registry_path() == tmp_path / "elsewhere.yaml"
    with pytest.raises(EdnagError, match=r"elsewhere\.yaml does not exist"):
        load_registry()


GOOD = {"id": "a", "file": "a.bin", "addresses": ["https://example.org/a"]}
BAD = [
    ({"file": "../a"}, "'..'"),
    ({"file": "/a"}, "relative"),
    ({"file": "a/../b"}, "'..'"),
    ({"file": "a//b"}, "relative"),
    ({"file": "a\nb"}, "pattern"),
    ({"note": "two\nlines"}, "pattern"),
    ({"licence": "zero\u200bwidth"}, "pattern"),
    ({"file": "a\\b"}, "control"),
    ({"file": ""}, "pattern"),
    ({"id": "../a"}, "pattern"),
    ({"id": "a b"}, "pattern"),
    ({"id": "a\n"}, "pattern"),
    ({"id": ".a"}, "pattern"),
    ({"id": 3}, "string"),
    ({"addresses": ["ftp://example.org/a"]}, "does not begin"),
    ({"addresses": ["file:///etc/passwd"]}, "does not begin"),
    ({"addresses": ["https://a b"]}, "does not begin"),
    ({"addresses": ["https://a", "https://a"]}, "twice"),
    ({"addresses": []}, "published"),
    ({"status": "unpublished"}, "unpublished"),
    ({"size": -1}, "greater than or equal to 0"),
    ({"size": "12"}, "integer"),
    ({"size": True}, "integer"),
    ({"sha256": "AB" * 32}, "pattern"),
    ({"sha256": "ab" * 31}, "pattern"),
    ({"sha256": "ab" * 32 + "\n"}, "pattern"),
    ({"md5": "ab" * 16, "md5_suffix": "000000"}, "md5 does not end"),
    ({"md5_suffix": 96897}, "string"),
    ({"sha256": "ab" * 32, "sha256_prefix": "cdcdcdcd"}, "sha256 does not begin"),
    ({"file": "resnet18-f37072fd.pth"}, r"states a checksum \(f37072fd\); give it as"),
    ({"file": "NAS-Bench-201-v1_0-e61699.pth"}, "states a checksum"),
    ({"kind": "troch"}, "unknown kind 'troch'; allowed: torch, zip"),
    ({"least_size": 0}, "greater than or equal to 1"),
    ({"colour": "red"}, "extra"),
]


@pytest.mark.parametrize(("change", "cause"), BAD)
def test_bad_fields_are_refused(change: dict[str, object], cause: str) -> None:
    Source.model_validate(GOOD)
    with pytest.raises(ValidationError, match=re.compile(cause, re.I)):
        Source.model_validate({**GOOD, **change})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "a: {file: x, addresses: [https://e/x]}\na: {file: y}\n",
            ":2: .*'a' is given twice, .* line 1",
        ),
        ("a: {file: x, file: y, addresses: [https://e/x]}\n", ":1: .*'file' is given twice"),
        ("a:\n  file: [unclosed\n", r"sources\.yaml:\d: not valid YAML"),
        ("- a\n- b\n", "holds no mapping"),
        ("a: text\n", "entry 'a' holds no fields"),
        ("a: {file: x, sha256: zz, addresses: [https://e/x]}\n", "entry 'a': field 'sha256'"),
        ("a: {1: x}\n", "entry 'a'"),
        ("a: {file: x.pt, addresses: [https://e/x]}\n", "entry 'a': no whole checksum .*, so"),
        ("a: {file: x, least_size: 9, addresses: [https://e/x]}\n", "so give 'kind' "),
        ("? [a, b]\n: {file: x}\n", "sources.yaml"),
        ("a: !!python/object/apply:os.system [echo]\n", "not valid YAML"),
        ("a: &x {file: *x}\n", "sources.yaml"),
    ],
)
def test_faults_are_named_with_their_place(text: str, cause: str, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    with pytest.raises(EdnagError, match=cause) as caught:
        load_registry(path)
    assert "\n" not in str(caught.value)


def read_or_refuse(path: Path, content: bytes) -> None:
    """Load `content`; anything but a registry or an EdnagError is a bug."""
    path.write_bytes(content)
    try:
        loaded = load_registry(path)
    except EdnagError as error:
        assert str(path) in str(error)
    else:
        assert all(isinstance(source, Source) for source in loaded.values())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    read_or_refuse(tmp_path_factory.getbasetemp() / "fuzz.yaml", content)


yamlish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
fields = st.sampled_from(sorted(Source.model_fields))


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=6), st.dictionaries(fields, yamlish, max_size=6) | yamlish))
def test_any_mapping_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.yaml"
    read_or_refuse(path, yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "replace"))


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    read_or_refuse(tmp_path / "sources.yaml", b"a: " + b"[" * 20_000)
    read_or_refuse(tmp_path / "sources.yaml", b"a: " + b"9" * 20_000)


def hexadecimal(length: int) -> st.SearchStrategy[str | None]:
    return st.none() | st.text("0123456789abcdef", min_size=length, max_size=length)


def printable(longest: int) -> st.SearchStrategy[str]:
    """One line of visible characters."""
    visible = st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp"))
    return st.text(visible, min_size=1, max_size=longest)


sources = st.builds(
    Source,
    id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,10}", fullmatch=True),
    file=st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8})?", fullmatch=True),
    addresses=st.lists(
        st.from_regex(r"https://[a-z]{1,8}/[!-~]{0,20}", fullmatch=True),
        min_size=1, max_size=3, unique=True,
    ).map(tuple),
    size=st.none() | st.integers(0, 2**45),
    sha256=hexadecimal(64),
    md5_suffix=hexadecimal(6),
    git_blob_sha1=hexadecimal(40),
    kind=st.sampled_from(sorted(KINDS)),
    least_size=st.integers(1, 2**45),
    licence=st.none() | printable(12),
    note=st.none() | printable(40),
    needed_for=st.lists(printable(8), max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=50)
@given(st.dictionaries(st.integers(), sources, max_size=4), sources)
def test_written_registry_reads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, listed: dict[int, Source], added: Source
) -> None:
    known = {source.id: source for source in listed.values() if source.id != added.id}
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    path.write_text(dump_registry(known), encoding="utf-8", newline="")
    assert load_registry(path) == known
    with_added = insert_entry("# a heading\n\n" + dump_registry(known), added)
    path.write_text(with_added, encoding="utf-8", newline="")
    assert load_registry(path) == {**known, added.id: added}
    assert list(load_registry(path)) == sorted({*known, added.id})
    with pytest.raises(EdnagError, match="in the registry already"):
        insert_entry(with_added, added)


def test_every_source_is_explained() -> None:
    pages = [ROOT / "docs" / "data.md", *sorted((ROOT / "docs" / "data").glob("*.md"))]
    named = {
        word
        for page in pages[1:]
        for word in re.findall(r"`([A-Za-z0-9._-]+)`", page.read_text(encoding="utf-8"))
    }
    assert set(REGISTRY) <= named, sorted(set(REGISTRY) - named)
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page.name, link)
