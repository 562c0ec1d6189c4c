"""Files on Google Drive, with gdown, which answers the confirmation page of large files."""

import gdown
import requests
from gdown.exceptions import DownloadError

from ednag.sources.transfer import PartialFile, Patience, Report, TransferError
from ednag.sources.verification import explain_page


def fetch_from_drive(file_id: str, part: PartialFile, report: Report, patience: Patience) -> bool:
    """Fetch the Drive file `file_id` into `part`, with gdown's own retries and resuming.

    True if the download was resumed. gdown does not record the version of its unfinished file, so
    it resumes only if a checksum verifies the whole file. Raises TransferError.
    """
    folder = part.drive_folder
    if not part.has_checksum or len(list(folder.glob("*.part"))) > 1:
        part.discard()
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / part.path.name
    resumed = any(folder.iterdir())
    expected = False

    def follow(received: int, total: int | None) -> None:
        nonlocal expected
        if not expected:
            part.expect(total)
            expected = True
        part.refuse_excess(received)
        report(received, total)

    try:
        gdown.download(
            id=file_id,
            output=str(whole),
            quiet=True,
            use_cookies=False,  # no sign-in state of this machine
            resume=True,
            timeout=(patience.connect, patience.silence),
            retries=patience.attempts - 1,
            progress=follow,
        )
    except (DownloadError, requests.RequestException) as error:
        if resumed and "byte range" in str(error):  # the file on Drive has changed
            part.discard()
            return fetch_from_drive(file_id, part, report, patience)
        unanswered = isinstance(error, requests.ConnectionError | requests.Timeout)
        raise TransferError(_in_words(error), unanswered=unanswered) from error
    except (KeyError, AssertionError, ValueError) as error:
        # gdown raises these when it cannot parse a page of Drive.
        raise TransferError(f"Google Drive answered what gdown cannot read ({error!r})") from error
    whole.replace(part.path)
    return resumed


def _in_words(error: Exception) -> str:
    """gdown's message of several lines as one clause."""
    text = " ".join(str(error).split())
    if "quota" in text.lower() or "too many users" in text.lower():
        return f"Google Drive serves {explain_page(b'quota')}"
    if "public link" in text:
        return "Google Drive gives no public link (private, deleted, or its quota is used up)"
    return f"Google Drive: {text[:200]}" if text else f"Google Drive: {type(error).__name__}"
