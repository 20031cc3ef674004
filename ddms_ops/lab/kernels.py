"""Kernels of the lab work in its folder; loaded by JupyterLab's server, which names this class."""

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import ApiPath


class FolderKernels(AsyncMappingKernelManager):
    """Starts each kernel in the lab's folder, wherever its notebook lies: paths mean what they mean in a shell."""

    async def start_kernel(self, *, path: object = None, **kwargs: Any) -> str:  # type: ignore[override]  # noqa: ARG002
        """Start a kernel; its id."""
        return str(await super().start_kernel(path=ApiPath(""), **kwargs))
