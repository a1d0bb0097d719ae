"""Telemetry of the libraries that Kilde loads: disabled for the whole process at `import kilde`.

Libraries read these variables once, when they are imported or first used, so they are set before
any other module of Kilde runs. Child processes inherit them. They are set plainly, also where the
environment says otherwise: that nothing is reported is a promise, not a default.
"""

from __future__ import annotations

import os
import sys
import warnings

# Libraries with telemetry, and the variable that each of them documents as its switch.
DISABLED = {
    # onnxruntime (1.29 and later, outside Windows): usage events, and a device id in the user's
    # cache folder. It is created when onnxruntime is imported.
    "ORT_DISABLE_TELEMETRY": "1",
    # huggingface_hub, and through it transformers, trl, datasets and hf_xet.
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # A convention that further tools keep to, for what a later version of a dependency brings.
    "DO_NOT_TRACK": "1",
}


def disable() -> None:
    """Disable the telemetry of every library in this process and in those it starts.

    Warns if onnxruntime is loaded already with its telemetry enabled, which cannot be undone.
    """
    late = "onnxruntime" in sys.modules and os.environ.get("ORT_DISABLE_TELEMETRY") != "1"
    os.environ.update(DISABLED)
    if late:
        warnings.warn(
            "onnxruntime was imported before kilde, with its telemetry enabled: it reports to "
            "Microsoft until this process ends. Import kilde first, or set "
            "ORT_DISABLE_TELEMETRY=1 before the program starts.",
            stacklevel=3,
        )
