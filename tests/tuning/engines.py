"""What torch and llama.cpp hold for the next token, in numbers that can be compared."""

from __future__ import annotations

import queue
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import peft
import torch
import xllamacpp

PROMPTS: tuple[tuple[int, ...], ...] = (
    (1, 300, 17, 840, 999, 64),
    (1, 512, 513, 77, 401, 23, 650, 650, 31, 902, 118, 5, 240),
)
TOP = 50
_WHOLE_LETTER = 81

Logprobs = npt.NDArray[np.float64]


def torch_logprobs(model: Any, prompts: Sequence[Sequence[int]] = PROMPTS) -> list[Logprobs]:
    """The logarithms of the probabilities of all next tokens, by torch."""
    with torch.no_grad():
        return [
            model(input_ids=torch.tensor([prompt])).logits[0, -1].double().log_softmax(-1).numpy()
            for prompt in prompts
        ]


def tuned(model: Any, adapter: Path, prompts: Sequence[Sequence[int]] = PROMPTS) -> list[Logprobs]:
    """What torch says with the adapter; the model is left as it was."""
    with_adapter = peft.PeftModel.from_pretrained(model, str(adapter))
    logprobs = torch_logprobs(with_adapter.eval(), prompts)
    with_adapter.unload()
    return logprobs


class Engine:
    """llama.cpp with a model and adapters, computing as exactly as it can.

    ``turns`` names a chat template that is built into llama.cpp, instead of the model's own.
    """

    def __init__(self, model: Path, *adapters: Path, turns: str = "") -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx, params.n_parallel, params.verbosity = 512, 1, -1
        params.warmup = False
        params.flash_attn_type = 0  # never: it computes in F16
        params.cache_type_k = params.cache_type_v = 0  # F32
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
        params.lora_init_without_apply = True
        params.lora_adapters = [_loaded(adapter) for adapter in adapters]
        if turns:
            params.chat_template, params.use_jinja = turns, False
        self._adapters = len(adapters)
        self._server = xllamacpp.Server(params)

    def render(self, messages: Sequence[dict[str, str]]) -> str:
        """The prompt that the model's chat template makes of a conversation."""
        address = f"{self._server.listening_address}/apply-template"
        body = {"messages": list(messages), "add_generation_prompt": True}
        answer = httpx.post(address, json=body, trust_env=False)
        return str(answer.raise_for_status().json()["prompt"])

    def top(self, prompt: Sequence[int], adapter: int | None = None) -> dict[int, float]:
        """The most probable next tokens and the logarithms of their probabilities."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._server.handle_completions(
            {
                "prompt": list(prompt),
                "n_predict": 1,
                "n_probs": TOP,
                "temperature": 0.0,
                # Half a letter is answered without probabilities. They are those before this.
                "logit_bias": [[_WHOLE_LETTER, 1000.0]],
                "cache_prompt": False,
                "lora": [
                    {"id": index, "scale": float(index == adapter)}
                    for index in range(self._adapters)
                ],
            },
            lambda chunk: bool(answers.put(chunk)),
        )
        answer = answers.get(timeout=60)
        tokens = answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]
        return {token["id"]: token["logprob"] for token in tokens}


def difference(
    engine: Engine,
    expected: Sequence[Logprobs],
    adapter: int | None = None,
    prompts: Sequence[Sequence[int]] = PROMPTS,
) -> float:
    """The largest difference of a logarithm among the most probable tokens of all prompts."""
    return max(
        abs(logprob - values[token])
        for prompt, values in zip(prompts, expected, strict=True)
        for token, logprob in engine.top(prompt, adapter).items()
    )


def _loaded(adapter: Path) -> Any:
    info = xllamacpp.CommonAdapterLoraInfo()
    info.path, info.scale = str(adapter), 1.0
    return info


@contextmanager
def small_disk(bytes_: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
