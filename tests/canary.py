"""A key that is planted in every test, and the search for it in whatever an error shows."""

from __future__ import annotations

import contextlib
import copy
import functools
import pickle
import traceback
from collections.abc import Callable, Generator, Iterator

import pytest

from activepieces_client.testing import StandIn

CANARY = StandIn().api_key


def shown(error: BaseException) -> Iterator[Callable[[], object]]:
    """Give the ways in which an error is shown: logged, printed, pickled, copied, and in a traceback with locals."""
    yield from (functools.partial(way, error) for way in (str, repr, vars, pickle.dumps))
    yield lambda: vars(copy.copy(error))
    for carrier in (error, getattr(error, "response", None)):
        if request := getattr(carrier, "request", None):
            yield functools.partial(repr, [request.headers.multi_items(), request.extensions])
    told: traceback.TracebackException | None = traceback.TracebackException.from_exception(error, capture_locals=True)
    while told:
        # The tests know the key, and may.
        ours = [frame.locals for frame in told.stack if "/tests/" not in frame.filename]
        yield functools.partial(repr, [*told.format_exception_only(), ours])
        told = told.__cause__ or told.__context__


@contextlib.contextmanager
def searched() -> Generator[None]:
    """Search the error that leaves, if there is one."""
    try:
        yield
    except Exception as error:
        for show in shown(error):
            with contextlib.suppress(RecursionError):  # a value too deep to be shown shows nothing
                if CANARY in str(show()):
                    pytest.fail("an error shows the key")
        raise
