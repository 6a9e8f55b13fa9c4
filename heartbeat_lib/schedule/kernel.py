"""How the clock talks to the kernels of its notebooks."""

from jupyter_client.manager import AsyncKernelManager


class SocketKernelManager(AsyncKernelManager):
    """Talks to its kernel over sockets in the file system: no open port, nothing for another user to connect to."""

    transport = "ipc"
