"""Attacks run in processes of their own, which end with the one that started them."""

import ctypes
import multiprocessing
import os
import random
import signal
import threading
import traceback

fork = multiprocessing.get_context("fork")
libc = ctypes.CDLL(None)


class Attack:
    """Runs `body(rng, stop, …)` in a process until `end()`; `body` returns how often it did what."""

    def __init__(self, name, seed, body, *arguments, nice=10):
        self.name = name
        self._stop = fork.Event()
        self._counts, there = fork.Pipe(duplex=False)
        self._process = fork.Process(
            target=_run, args=(os.getpid(), nice, f"{seed}:{name}", self._stop, there, body, arguments), name=name,
            daemon=True)
        self._process.start()
        there.close()

    @property
    def has_ended(self):
        return not self._process.is_alive()

    def end(self):
        """How often it did what, where it is still able to say so."""
        self._stop.set()
        counts = self._counts.recv() if self._counts.poll(10) else None
        self._process.join(1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        return counts or {}


def _run(parent, nice, seed, stop, there, body, arguments):
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    # What whoever attacks costs the machine is not the daemon's affair; what he costs the daemon is.
    os.nice(nice)
    if os.getppid() != parent:
        os._exit(1)
    # Ctrl-C is the parent's affair.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        there.send(body(random.Random(seed), stop, *arguments))
    except Exception:
        traceback.print_exc()
        os._exit(1)
    # Threads that hang in a call to a hostile place do not matter.
    os._exit(0)


def repeat(rng, stop, acts, pause, threads=1):
    """Performs acts at random in so many threads, with up to `pause` seconds in between; how often each.

    An act that the other side refuses is over; everything else is a fault of the soak.
    """
    counts = dict.fromkeys((act.__name__ for act in acts), 0)

    def work(rng):
        while not stop.is_set():
            act = rng.choice(acts)
            try:
                counts[act.__name__] += 1
                act(rng)
            except (OSError, EOFError):
                pass
            except Exception:
                traceback.print_exc()
                os._exit(1)
            stop.wait(rng.random() * pause)

    for _ in range(threads):
        threading.Thread(target=work, args=(random.Random(rng.random()),), daemon=True).start()
    stop.wait()
    return counts
