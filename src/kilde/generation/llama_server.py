"""llama.cpp with a model loaded: shared within the process, streamed, and shut to others.

llama.cpp brings an HTTP server along that cannot be left out: it listens on loopback, so it is
closed to other users of the computer with a random key, and it publishes nothing of prompts or
settings. Kilde itself asks it for the number of tokens of a text, and for nothing else.
"""

from __future__ import annotations

import atexit
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import httpx
import xllamacpp

from kilde.errors import GenerationError, ModelError

_PARALLEL = 2  # requests that are written at the same time; more of them wait
_PROMPT_CACHE_MB = 512

Chunk = dict[str, Any]


class LlamaServer:
    """llama.cpp with one model loaded; its memory goes with the object."""

    def __init__(self, path: Path, adapters: tuple[Path, ...], context: int, threads: int) -> None:
        _check_gguf(path, *adapters)
        key = secrets.token_urlsafe(32)
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.lora_adapters = [_adapter(adapter) for adapter in adapters]
        params.lora_init_without_apply = True
        params.n_parallel = _PARALLEL
        params.n_ctx = context * _PARALLEL
        params.cache_ram_mib = _PROMPT_CACHE_MB
        # Threads wait for each other at every token, so one that shares its core with another
        # program holds up all: with one busy neighbour on two cores, two threads wrote 32 tokens
        # a second and one wrote 90. Reading a prompt hardly suffers, and takes all cores.
        params.cpuparams.n_threads = threads or max(1, (os.cpu_count() or 1) // 2)
        params.cpuparams_batch.n_threads = threads or os.cpu_count() or 1
        params.verbosity = -1
        params.hostnames = ["127.0.0.1"]
        params.api_keys = [key]
        params.ui = params.endpoint_props = params.endpoint_slots = False
        try:
            self._server = xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"llama.cpp cannot load {path}: {error}",
                hint="The file may be damaged, too new for the installed llama.cpp (pip install "
                f"-U xllamacpp), or too large for this memory with a context of {context} tokens.",
            ) from error
        # No proxy settings: the address is this computer's own.
        self._http = httpx.Client(
            base_url=self._server.listening_address,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
        )
        finalize(self, self._http.close)

    def chat(self, body: dict[str, object], receive: Callable[[Chunk], bool]) -> None:
        """Answer; ``receive`` is handed every chunk and returns true to stop the model."""
        self._server.handle_chat_completions(body, receive)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without those that mark its beginning or end."""
        try:
            response = self._http.post("/tokenize", json={"content": text}).raise_for_status()
        except httpx.HTTPError as error:
            raise GenerationError(f"llama.cpp could not count tokens: {error}") from error
        return len(response.json()["tokens"])


_servers: WeakValueDictionary[object, LlamaServer] = WeakValueDictionary()
_LOCK = threading.Lock()


def shared_server(
    path: Path, adapters: tuple[Path, ...], context: int, threads: int
) -> LlamaServer:
    """The process's one server for these files; it lives as long as somebody holds it."""
    key = (path, adapters, context, threads)
    with _LOCK:
        server = _servers.get(key)
        if server is None:
            server = _servers[key] = LlamaServer(*key)
        return server


def chunks(server: LlamaServer, body: dict[str, object]) -> Iterator[Chunk]:
    """llama.cpp's callbacks as an iterator: they run in a thread and arrive through a queue."""
    arrived: queue.SimpleQueue[Chunk | Exception | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def receive(chunk: Chunk) -> bool:
        arrived.put(chunk)
        return stopped.is_set()

    def run() -> None:
        try:
            server.chat(body, receive)
        # Whatever it is, it must reach the reader, who would otherwise wait for ever.
        except Exception as error:  # noqa: BLE001
            arrived.put(error)
        arrived.put(None)
        _running.pop(threading.current_thread())

    thread = threading.Thread(target=run, name="llama.cpp", daemon=True)
    _running[thread] = stopped
    thread.start()
    try:
        while (chunk := arrived.get()) is not None:
            if isinstance(chunk, Exception):
                # llama.cpp's message can be a whole grammar: its first line says what is wrong.
                yield {"error": {"message": str(chunk).partition("\n")[0]}}
                return
            yield chunk
    finally:
        stopped.set()


_running: dict[threading.Thread, threading.Event] = {}


@atexit.register
def _stop_all() -> None:
    """Python must not end while llama.cpp still calls back into it: that aborts the process."""
    for thread, stopped in list(_running.items()):
        stopped.set()
        thread.join()


def _adapter(path: Path) -> object:
    info = xllamacpp.CommonAdapterLoraInfo()
    info.path = str(path)
    info.scale = 1.0
    return info


def _check_gguf(*paths: Path) -> None:
    for path in paths:
        try:
            with path.open("rb") as stream:
                magic = stream.read(4)
        except OSError as error:
            raise ModelError(
                f"The model file {path} cannot be read: {error.strerror}.",
                hint="Check the path, and that your user may read it.",
            ) from error
        if magic != b"GGUF":
            raise ModelError(
                f"{path} is not a GGUF file.",
                hint="llama.cpp reads models and adapters in the GGUF format only.",
            )
