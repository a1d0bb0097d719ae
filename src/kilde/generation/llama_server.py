"""llama.cpp with a model loaded: shared within the process, streamed, and shut to others.

llama.cpp brings an HTTP server along that cannot be left out: it listens on loopback, so it is
closed to other users of the computer with a random key, and it publishes nothing of prompts or
settings. Kilde itself asks it for prompts as it renders them and for the tokens of a text, and for
nothing else.
"""

from __future__ import annotations

import atexit
import os
import queue
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary, finalize

import httpx
import xllamacpp

from kilde.errors import GenerationError, ModelError
from kilde.generation.gguf_header import read_header
from kilde.types import Message

_PARALLEL = 2  # requests that are written at the same time; more of them wait
_PROMPT_CACHE_MB = 512

# Models that think aloud first would spend the whole budget on it.
TEMPLATE_SETTINGS = {"enable_thinking": False}

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
        if turns := _turns(path):
            params.chat_template, params.use_jinja = turns, False  # built-in ones go by name
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
            tuned = f" with {', '.join(map(str, adapters))}" if adapters else ""
            raise ModelError(
                f"llama.cpp cannot load {path}{tuned}: {error}",
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
        return len(self._asked("/tokenize", {"content": text})["tokens"])

    def render(self, messages: Sequence[Message]) -> str:
        """The text that a chat request with these messages makes the model read."""
        body = {
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "add_generation_prompt": True,
            "chat_template_kwargs": TEMPLATE_SETTINGS,
        }
        return str(self._asked("/apply-template", body)["prompt"])

    def tokens(self, text: str, *, special: bool) -> list[int]:
        """The tokens of a text.

        ``special`` reads it as a prompt: with its marks of turns, and with what the model's
        tokenizer puts around every prompt. Without, it is words only, whatever they look like.
        """
        body = {"content": text, "parse_special": special, "add_special": special}
        return [int(token) for token in self._asked("/tokenize", body)["tokens"]]

    @cached_property
    def end_of_turn(self) -> int:
        """The token with which the model ends its turn. Raises :class:`ModelError`."""
        said = "Yes it is"
        turns = (Message("user", "Why?"), Message("assistant", said), Message("user", "Why?"))
        after = self.render(turns).partition(said)[2]
        body = {"content": after.lstrip(), "parse_special": True, "with_pieces": True}
        first = next(iter(self._asked("/tokenize", body)["tokens"]), None)
        # A mark is one token where marks are read, and several where it is words.
        if first is None or len(self.tokens(str(first["piece"]), special=False)) < 2:
            raise ModelError(
                f"The model's chat template ends no turn with a mark: {after[:40]!r} follows one.",
                hint="Choose a model whose template does; those of kilde model list do.",
            )
        return int(first["id"])

    def _asked(self, address: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._http.post(address, json=body).raise_for_status().json()
        except httpx.HTTPError as error:
            raise GenerationError(f"llama.cpp could not answer {address}: {error}") from error
        return answer


_servers: WeakValueDictionary[object, LlamaServer] = WeakValueDictionary()
_LOCK = threading.Lock()


def shared_server(
    path: Path, adapters: tuple[Path, ...], context: int, threads: int
) -> LlamaServer:
    """The process's one server for these files; it lives as long as somebody holds it."""
    # A file that was replaced is another one, whatever its name.
    key = (path, adapters, context, threads, *map(_changed, (path, *adapters)))
    with _LOCK:
        server = _servers.get(key)
        if server is None:
            server = _servers[key] = LlamaServer(path, adapters, context, threads)
        return server


def _changed(path: Path) -> int:
    """When a file was last changed (ns); 0 where it cannot be told, which loading it tells."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


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


def _turns(path: Path) -> str:
    """The built-in turns for a model that brings no chat template; empty where it brings one.

    llama.cpp itself falls back on ChatML, whose marks are no tokens of Gemma's.
    """
    about = read_header(path).metadata
    if about.get("tokenizer.chat_template"):
        return ""
    return "gemma" if str(about.get("general.architecture")).startswith("gemma") else "chatml"


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
