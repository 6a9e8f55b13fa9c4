"""How the clock runs the kernels of its notebooks."""

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


class SocketKernelManager(AsyncKernelManager):
    """Kernels of this very Python, whatever kernels the machine knows under the same name; reached over sockets in the file
    system: no open port, nothing for another user to connect to."""

    transport = "ipc"

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter's ipykernel."""
        return KernelSpec(**get_kernel_dict())
