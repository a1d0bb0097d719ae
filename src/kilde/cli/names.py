"""How an agent is named on the command line: by its file, or by the name it bears."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kilde.errors import NotFound

if TYPE_CHECKING:
    from kilde.workspace import Workspace


def agent_key(workspace: Workspace, name: str, kept: Callable[[], Iterable[str]]) -> str:
    """The key under which things of an agent are kept.

    An agent whose file is gone is still known by what was ``kept`` of it. Raises
    :class:`NotFound`, and :class:`ConfigError` where several agents bear the name.
    """
    agents, name = workspace.agents(), unicodedata.normalize("NFC", name)
    if name in agents:
        return name
    try:
        return workspace.agent_file(name)[0]
    except NotFound:
        known = set(kept())
        if name not in known:
            raise NotFound("agent", name, known.union(agents)) from None
        return name
