"""The releases of the service that the stand-in imitates, and their differences."""

from __future__ import annotations

import attrs

_MIB = 2**20


@attrs.frozen(kw_only=True)
class Release:
    """A release of the service.

    A property is named by its path in a project or an update: `plan.pieces`.

    Attributes:
        lacks: The properties of openapi.yaml that the release does not know, in requests and responses.
        ignores: The properties of an update that it knows and ignores.
        body_limit: The number of bytes that a body may have.
        empty_plan_moves_updated: Whether an update whose `plan` changes nothing still moves `plan.updated`.
        stores_lone_surrogates: Whether it stores half a surrogate pair in metadata, as U+FFFD.
    """

    lacks: frozenset[str]
    ignores: frozenset[str]
    body_limit: int
    empty_plan_moves_updated: bool
    stores_lone_surrogates: bool


# The community edition, which was recorded, has no global connections and no worker groups. That it ignores
# globalConnectionExternalIds shows in no response. No release 0.9x was recorded: 0.92 is 0.88 with what came later.
_IGNORED_FROM_0_87 = frozenset({"globalConnectionExternalIds", "workerGroupId", "plan.pieces", "plan.piecesFilterType"})
RELEASES = {
    "0.83": Release(
        lacks=frozenset(
            {
                "sensitive",
                "notifyFlowOwnerOnFailure",
                "pieceSetId",
                "workerGroupId",
                "executionDataRetentionDays",
                "plan.activeFlowsLimit",
                "analytics.lastFlowUpdated",
            }
        ),
        ignores=frozenset({"globalConnectionExternalIds"}),
        body_limit=29 * _MIB,
        empty_plan_moves_updated=True,
        stores_lone_surrogates=True,
    ),
    "0.88": Release(
        lacks=frozenset({"sensitive", "analytics.lastFlowUpdated"}),
        ignores=_IGNORED_FROM_0_87,
        body_limit=54 * _MIB,
        empty_plan_moves_updated=False,
        stores_lone_surrogates=False,
    ),
}
NEWEST = "0.92"
RELEASES[NEWEST] = attrs.evolve(RELEASES["0.88"], lacks=frozenset())
