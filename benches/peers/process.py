"""One process: how long it took, what it held, what it said. Knows no tool."""

import contextlib
import dataclasses
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

COLUMNS, ROWS = 120, 40

# Seconds after which a run on a terminal is taken to hang.
PATIENCE = 60


@dataclasses.dataclass
class Took:
    """What a process took, and what it printed where it had no terminal."""

    seconds: float
    megabytes: float
    output: str = ""


def timed(command, folder, environment):
    """Runs a command to its end, from the start of the process to its exit."""
    began = time.monotonic()
    with _started(command, folder, environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return _took(command, began, process.returncode, usage, _output(folder))


def killed(command, folder, environment, seconds):
    """Starts a command and ends it with SIGKILL after some seconds, unless it has ended by then."""
    with _started(command, folder, environment) as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


def on_a_terminal(command, folder, environment, is_over):
    """Runs a command on a terminal whose every byte is read, and leaves it by its keys once it is over."""
    began = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    was_left = False
    while time.monotonic() < began + PATIENCE:
        if select.select([terminal], [], [], 0.005)[0]:
            try:
                os.read(terminal, 1 << 16)
            except OSError:  # the program has closed its end
                break
        if not was_left and is_over():
            os.write(terminal, b"qe")  # quit, and if the screen does not know yet and asks: drain
            was_left = True
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    _, status, usage = os.wait4(child, 0)
    return _took(command, began, os.waitstatus_to_exitcode(status), usage)


@contextlib.contextmanager
def _started(command, folder, environment):
    """A process in a group of its own that does not outlive this block."""
    with open(folder / "output.txt", "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _took(command, began, code, usage, output=""):
    seconds = time.monotonic() - began
    if code:
        sys.exit(f"{output}\n{' '.join(map(str, command))}: ended with {code}")
    return Took(seconds, usage.ru_maxrss / 1024, output)


def _output(folder):
    return (folder / "output.txt").read_text(errors="replace")
