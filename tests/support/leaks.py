"""The secrets of all tests, and the search for them in errors."""

from __future__ import annotations

import contextlib
import copy
import functools
import pickle
import traceback
from collections.abc import Callable, Generator, Iterator

import pytest

from activepieces_client import ActivepiecesError
from activepieces_client.testing import StandIn

API_KEY = StandIn().api_key
PASSWORD = StandIn().password
SECRETS = API_KEY, PASSWORD


def representations(error: BaseException) -> Iterator[Callable[[], object]]:
    """Yield functions that show an error: as text, pickled, copied, in a traceback."""
    yield from (functools.partial(way, error) for way in (str, repr, vars, pickle.dumps))
    yield functools.partial(pickle.dumps, error.__cause__)
    if isinstance(error, ActivepiecesError):  # those of httpx cannot be copied
        yield lambda: vars(copy.copy(error))
    for carrier in (error, getattr(error, "response", None)):
        if request := getattr(carrier, "request", None):
            yield functools.partial(repr, [request.headers.multi_items(), request.extensions])
    shown: traceback.TracebackException | None = traceback.TracebackException.from_exception(error, capture_locals=True)
    while shown:
        # The tests' own frames may have the key.
        frames = [frame.locals for frame in shown.stack if "/tests/" not in frame.filename]
        yield functools.partial(repr, [*shown.format_exception_only(), frames])
        shown = shown.__cause__ or shown.__context__


@contextlib.contextmanager
def no_leak() -> Generator[None]:
    """Fail the test if an error that leaves the block shows a secret."""
    try:
        yield
    except Exception as error:
        for represent in representations(error):
            with contextlib.suppress(RecursionError):  # of a value too deep to be shown
                shown = str(represent())
                if any(secret in shown for secret in SECRETS):
                    pytest.fail("an error shows a secret")
        raise
