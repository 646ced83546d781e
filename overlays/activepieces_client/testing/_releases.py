"""The releases of the service that the stand-in imitates, and their differences.

A property is named by its path in a project or an update: `plan.pieces`.
"""

from __future__ import annotations

import attrs

_MIB = 2**20

# The properties of a project that older releases lack, by the release that brought them.
_SINCE = {
    "workerGroupId": (0, 86),
    "notifyFlowOwnerOnFailure": (0, 87),
    "pieceSetId": (0, 87),
    "executionDataRetentionDays": (0, 87),
    "plan.activeFlowsLimit": (0, 87),
    "sensitive": (0, 92),
    "analytics.lastFlowUpdated": (0, 92),
}
# The community edition, which was recorded, has no global connections and no worker groups. That it ignores
# globalConnectionExternalIds shows in no response.
_IGNORES = frozenset({"globalConnectionExternalIds", "workerGroupId"})


@attrs.frozen(kw_only=True)
class Release:
    """A release of the service.

    Attributes:
        lacks: The properties of openapi.yaml that the release does not know, in requests and responses.
        ignores: The properties of an update that it knows and ignores.
        body_limit: The number of bytes that a body may have.
        empty_plan_moves_updated: Whether an update whose `plan` changes nothing still moves `plan.updated`.
        stores_lone_surrogates: Whether it stores half a surrogate pair in metadata, as U+FFFD.
    """

    lacks: frozenset[str]
    ignores: frozenset[str] = _IGNORES | {"plan.pieces", "plan.piecesFilterType"}
    body_limit: int = 54 * _MIB
    empty_plan_moves_updated: bool = False
    stores_lone_surrogates: bool = False


def _lacks(*release: int) -> frozenset[str]:
    return frozenset(name for name, since in _SINCE.items() if since > release)


RELEASES = {
    "0.83": Release(
        lacks=_lacks(0, 83),
        ignores=_IGNORES,
        body_limit=29 * _MIB,
        empty_plan_moves_updated=True,
        stores_lone_surrogates=True,
    ),
    "0.88": Release(lacks=_lacks(0, 88)),
    # Not recorded, so it is 0.88 with the properties that came later.
    "0.92": Release(lacks=_lacks(0, 92)),
}
*_, NEWEST = RELEASES
