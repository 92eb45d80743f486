"""Files of whole datasets: made once for each state of the data, then served as they are, in ranges too."""

import asyncio
import hashlib
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import Request
from starlette.responses import FileResponse, Response

from app import exports, queries, responses
from app.bodies import Whole, is_held, validators
from app.errors import NotBuilt
from app.filters import EventQuery
from app.settings import Settings

PARQUET = "application/vnd.apache.parquet"
PUBLISHED = {PARQUET: {"schema": {"type": "string", "contentMediaType": PARQUET}}}
_TRIES = 3  # a load may finish while a file is made


class Downloads:
    """The files that one process has made, in a folder that goes with it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._making = settings, asyncio.Lock()
        self._folder = TemporaryDirectory(prefix="dateline-files-")

    async def parquet(self, dataset_id: str, version: str) -> Path:
        """The file of a dataset in this version; NotBuilt where the server lacks what writes it."""
        name = hashlib.sha256(dataset_id.encode()).hexdigest()[:16]
        path = Path(self._folder.name) / f"{name}.{version}.parquet"
        async with self._making:
            if not path.exists():
                await asyncio.to_thread(self._make, dataset_id, path)
                for old in path.parent.glob(f"{name}.*.parquet"):
                    if old != path:
                        old.unlink()
        return path

    def _make(self, dataset_id: str, path: Path) -> None:
        query = EventQuery(dataset=[dataset_id])
        try:
            asyncio.run(exports.export(self._settings, query, "parquet", path))
        except exports.MissingLibrary as error:
            raise NotBuilt(str(error)) from None

    def close(self) -> None:
        self._folder.cleanup()


async def parquet(request: Request, dataset_id: str) -> Response:
    """All events of a dataset as Parquet, with its ETag; ranges are answered with 206."""
    responses.check_key(dataset_id)
    for _ in range(_TRIES):
        version = await _version(request, dataset_id)
        checks = validators(request.scope, version)
        if is_held(request.scope, checks):
            return Whole(b"", checks, HTTPStatus.NOT_MODIFIED)
        path = await request.app.state.downloads.parquet(dataset_id, version)
        if await _version(request, dataset_id) == version:
            break
    answer = FileResponse(path, media_type=PARQUET, filename=f"{dataset_id}.parquet")
    answer.raw_headers += checks
    return answer


async def _version(request: Request, dataset_id: str) -> str:
    _, version = await request.app.state.reads.answer(lambda reader: queries.dataset(reader, dataset_id))
    return str(version)
