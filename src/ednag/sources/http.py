"""Files over HTTP(S): resumed, never joined from two versions, never a web page.

Uses `requests`, because the downloader of pooch cannot resume.
"""

import itertools
import logging
import re
import time

import requests

from ednag import __version__
from ednag.sources.transfer import Memo, PartialFile, Patience, Report, TransferError
from ednag.sources.verification import HEAD

log = logging.getLogger(__name__)

#: Bytes read from the network at a time; an interruption loses at most these.
PIECE = 1 << 18
#: Status codes that are worth another attempt (RFC 9110, section 15).
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_MEANINGS = {
    401: "asks for a login",
    403: "refuses access",
    404: "no such file: the link is dead",
    410: "the file was removed",
    451: "withheld for legal reasons",
    407: "the proxy asks for a login: see HTTPS_PROXY",
}


def fetch(address: str, part: PartialFile, report: Report, patience: Patience) -> bool:
    """Fetch `address` into `part`; True if the last response continued an earlier one.

    Raises TransferError after the last attempt, or at once if another attempt cannot help.
    """
    with requests.Session() as session:
        session.headers["User-Agent"] = f"ednag/{__version__}"
        # Uncompressed, because offsets count the bytes of the file.
        session.headers["Accept-Encoding"] = "identity"
        attempt = 1
        while True:
            try:
                return _attempt(session, address, part, report, patience)
            except TransferError as error:
                if not error.passing:
                    raise
                if attempt == patience.attempts:
                    raise TransferError(
                        f"{error} ({attempt} attempts)", unanswered=error.unanswered
                    ) from error
                attempt += 1
                wait = patience.before(attempt, error.after)
                log.warning("%s: %s; again in %.1f s", address, error, wait)
                time.sleep(wait)


def _attempt(
    session: requests.Session, address: str, part: PartialFile, report: Report, patience: Patience
) -> bool:
    offset, headers = _resumption(address, part)
    memo = part.read_memo()
    if offset and memo is not None and offset == memo.total:
        return True  # an earlier process was stopped before verification
    try:
        with session.get(
            address, headers=headers, stream=True, timeout=(patience.connect, patience.silence)
        ) as response:
            start = _start(response, offset, part)
            if start is None:
                return True  # all bytes are here
            memo = Memo(address, _validator(response), _total(response, start))
            if memo.total is None and part.size is None and _is_compressed(response):
                raise TransferError("compresses a file whose size is not registered")
            part.expect(memo.total)
            _receive(response, part, start, memo, report)
            return start > 0
    except requests.RequestException as error:
        raise in_words(error, patience) from error


def _resumption(address: str, part: PartialFile) -> tuple[int, dict[str, str]]:
    """The number of bytes to keep, and the request headers for the rest."""
    received, memo = part.received(), part.read_memo()
    if not received or memo is None:
        return 0, {}
    headers = {"Range": f"bytes={received}-"}
    if memo.address == address and memo.validator:
        # RFC 9110, section 13.1.5: the rest of the same version, else the whole file.
        return received, {**headers, "If-Range": memo.validator}
    return (received, headers) if part.has_checksum else (0, {})


def _validator(response: requests.Response) -> str | None:
    """The version of the remote file: a strong ETag, else its date."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")


def _start(response: requests.Response, offset: int, part: PartialFile) -> int | None:
    """The offset of the body of `response` in the file; None if all bytes are here."""
    status = response.status_code
    if status == 206:
        return _resumed_at(response, offset, part)
    if status == 416 and offset:
        # The remote file has this length, or is shorter and so another version.
        if response.headers.get("Content-Range", "") == f"bytes */{offset}":
            return None
        part.discard()
        raise TransferError("has no bytes beyond those already here", passing=True)
    if status != 200:
        raise _refusal(response)
    if offset:
        log.warning("%s: sent whole (changed, or no resuming there); from the start", response.url)
    return 0


def _resumed_at(response: requests.Response, offset: int, part: PartialFile) -> int:
    """`offset`, if the server sends the bytes from this offset of a file of the same length."""
    sent = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not offset or sent is None or int(sent[1]) != offset:
        part.discard()
        raise TransferError("answered with another part than was asked for", passing=True)
    memo = part.read_memo()
    if sent[3] != "*" and memo and memo.total not in (None, int(sent[3])):
        part.discard()
        raise TransferError("changed while it was being fetched", passing=True)
    return offset


def _is_compressed(response: requests.Response) -> bool:
    """Whether the body is compressed, although it was asked for as it is."""
    return response.headers.get("Content-Encoding", "identity").lower() != "identity"


def _total(response: requests.Response, start: int) -> int | None:
    """Bytes of the whole file; None if the server does not state them."""
    if _is_compressed(response):
        return None  # the length counts compressed bytes
    sent = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if response.status_code == 206 and sent:
        return int(sent[1])
    length = response.headers.get("Content-Length", "")
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return start + int(length) if length.isdecimal() and not chunked else None


def _receive(
    response: requests.Response, part: PartialFile, start: int, memo: Memo, report: Report
) -> None:
    """Append the body to the part. Raises TransferError if it ends early or is a web page."""
    blocks = response.iter_content(PIECE)
    head = b""
    while not start and len(head) < HEAD and (block := next(blocks, b"")):
        head += block
    part.refuse_page(head, lambda: next(blocks, b""))
    received = start
    if not start:
        # After all checks, so that a refused response deletes nothing.
        part.path.unlink(missing_ok=True)
    with part.path.open("ab") as stream:
        part.write_memo(memo)
        for block in itertools.chain([head], blocks):
            received += len(block)
            part.refuse_excess(received)
            stream.write(block)
            report(received, memo.total)
    if memo.total is not None and received != memo.total:
        raise TransferError(f"ended after {received:,} of {memo.total:,} bytes", passing=True)


def _refusal(response: requests.Response) -> TransferError:
    """The error for a response without a file."""
    status = response.status_code
    meaning = _MEANINGS.get(status, response.reason or "no file")
    after = response.headers.get("Retry-After", "")
    return TransferError(
        f"HTTP {status} ({meaning})",
        passing=status in _PASSING,
        after=float(after) if after.isdecimal() else 0.0,
    )


def in_words(error: requests.RequestException, patience: Patience) -> TransferError:
    """The cause of an error of `requests`, in words and without the address."""
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return TransferError("redirects in a circle")
    if isinstance(error, requests.exceptions.ProxyError):
        cause = "the proxy refuses or is not there: see HTTPS_PROXY"
        return TransferError(cause, unanswered=True)
    if isinstance(error, requests.exceptions.SSLError):
        cause = "no trusted connection: check the clock, see REQUESTS_CA_BUNDLE"
        return TransferError(cause, unanswered=True)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        cause = f"does not answer within {patience.connect:g} s"
        return TransferError(cause, passing=True, unanswered=True)
    if "timed out" in str(error).lower():
        cause = f"was silent for {patience.silence:g} s"
        return TransferError(cause, passing=True, unanswered=True)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return TransferError("broke off in the middle", passing=True)
    if isinstance(error, requests.exceptions.ConnectionError):
        cause = "cannot be reached: check the network or its name"
        return TransferError(cause, passing=True, unanswered=True)
    return TransferError(f"cannot be fetched: {type(error).__name__}")


def resolve_doi(address: str, patience: Patience) -> str:
    """The HTTP address of `doi:<doi>/<file name>`, from its archive; raises TransferError."""
    from pooch.downloaders import doi_to_repository

    doi, _, name = address.removeprefix("doi:").rpartition("/")
    try:
        repository = doi_to_repository(doi, timeout=patience.connect)
        return str(repository.download_url(name))
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        cause = f"cannot be resolved: {' '.join(str(error).split())[:200]}"
        unanswered = isinstance(error, requests.ConnectionError | requests.Timeout)
        raise TransferError(cause, unanswered=unanswered) from error
