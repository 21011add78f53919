"""Style sheets, scripts and pictures under addresses that change with their content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aiohttp import web

from hub.http.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
FOREVER = "public, max-age=31536000, immutable"


class StaticFiles:
    """The files of several folders, each mounted under a name.

    Folders are read once, when this is made; nothing else can be fetched, whatever a path
    says. The hash in the address covers all files together, so that scripts and style
    sheets may name their neighbours by relative addresses and still be kept for ever.
    A folder that does not exist is empty: vendor files are fetched at set-up.
    """

    def __init__(self, mounts: Mapping[str, Path]) -> None:
        self._files: dict[str, Path] = {}
        digest = hashlib.blake2b(digest_size=8)
        for mount, folder in sorted(mounts.items()):
            for path in sorted(folder.rglob("*")):
                relative = path.relative_to(folder)
                hidden = any(piece.startswith(".") for piece in relative.parts)
                if hidden or path.suffix not in CONTENT_TYPES or not path.is_file():
                    continue
                name = f"{mount}/{relative.as_posix()}"
                self._files[name] = path
                content = path.read_bytes()
                digest.update(b"%d %s %d " % (len(name), name.encode(), len(content)))
                digest.update(content)
        self.version = digest.hexdigest()

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def url(self, name: str) -> str:
        """Return the address of ``mount/path``.

        Raises:
            KeyError: no such file; a page that names it is wrong.
        """
        if name not in self._files:
            raise KeyError(f"no static file {name}")
        return f"/static/{self.version}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer ``GET /static/{version}/{name}``; the file is read off the loop."""
        name = request.match_info["name"]
        path = self._files.get(name)
        if path is None:
            raise Problem(404, "not_found")
        fresh = request.match_info["version"] == self.version
        headers = {
            "Content-Type": CONTENT_TYPES[path.suffix],
            "Cache-Control": FOREVER if fresh else "no-cache",
        }
        return web.FileResponse(path, headers=headers)
