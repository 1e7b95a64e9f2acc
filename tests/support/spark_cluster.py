"""A Spark cluster of one master and some workers on this machine, as processes of their own that a test may kill.

Belongs here: starting, finding and ending these processes. Does not belong here: assertions, the code under test.

The JVMs run with the serial collector and the first compiler alone: they live for seconds, in which the second one only costs time.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from tests.support.patience import PATIENCE

_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
#: of every session that a test starts on the cluster: small executors, few partitions of little data
SETTINGS = {
    "spark.executor.memory": "512m",
    "spark.executor.extraJavaOptions": _JVM,
    "spark.driver.extraJavaOptions": _JVM,
    "spark.sql.shuffle.partitions": "4",
    # to compile a query of so few rows would take longer than to run it
    "spark.sql.codegen.wholeStage": "false",
}


def need_spark() -> None:
    """Skip with a word where Java or pyspark is missing; in CI fail where Java is there, as .ci/run installs the rest."""
    java, pyspark = shutil.which("java"), find_spec("pyspark")
    if java and pyspark:
        return
    word = "no `java` (apt install openjdk-17-jre-headless)" if not java else "no pyspark (make spark)"
    if os.environ.get("CI") == "true" and java:
        pytest.fail(f"Java is installed and Spark is not: {word}")
    pytest.skip(f"the engine spark is not installed: {word}")


@dataclass
class Cluster:
    """A running cluster. url: of its master. workers: still running, by what they were started with."""

    url: str
    web: int
    folder: Path
    master: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def alive(self) -> int:
        """How many workers the master counts as alive."""
        try:
            found = requests.get(f"http://127.0.0.1:{self.web}/json/", timeout=5).json()
        except (requests.RequestException, ValueError):
            return 0
        return int(found["aliveworkers"])

    def executors(self) -> list[tuple[int, int]]:
        """(worker's process, executor's process) of every executor that runs."""
        parents = {worker.pid for worker in self.workers}
        return [(parent, child) for child, parent in _processes() if parent in parents]

    def launched(self) -> int:
        """How many executors the workers have launched since they started."""
        return sum(1 for path in self.folder.glob("work-*/app-*/*") if path.is_dir())

    def kill_executor(self) -> int:
        """Kill one executor, as a node that runs out of memory would; its process."""
        _, executor = self.executors()[0]
        os.kill(executor, signal.SIGKILL)
        return executor

    def kill_worker(self) -> int:
        """Kill one worker with its executor, for good; the worker's process."""
        parent, executor = self.executors()[0]
        worker = next(worker for worker in self.workers if worker.pid == parent)
        os.kill(worker.pid, signal.SIGKILL)
        os.kill(executor, signal.SIGKILL)
        worker.wait(PATIENCE)
        self.workers.remove(worker)
        return parent


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A master and `workers` of one core each on free ports of 127.0.0.1; ended on leaving, whatever happened."""
    home = Path(str(find_spec("pyspark").origin)).parent  # type: ignore[union-attr]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": f"{_JVM} -Dspark.master.rest.enabled=false",
        "SPARK_NO_DAEMONIZE": "1",
    }

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [str(home / "bin" / "spark-class"), *arguments],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    port, web = _free_ports(2)
    url = f"spark://127.0.0.1:{port}"
    where = ("--host", "127.0.0.1")
    master = start(
        "master",
        "org.apache.spark.deploy.master.Master",
        *where,
        *("--port", str(port), "--webui-port", str(web)),
    )
    running = Cluster(url, web, folder, master)
    try:
        for number in range(workers):
            running.workers.append(
                start(
                    f"worker-{number}",
                    "org.apache.spark.deploy.worker.Worker",
                    *where,
                    *("--cores", "1", "--memory", "1g", "--work-dir", str(folder / f"work-{number}")),
                    *("--webui-port", str(_free_ports(1)[0]), url),
                )
            )
        wait_for(lambda: running.alive() == workers, "the workers to register")
        yield running
    finally:
        for process in (*running.workers, master):
            for pid in (*(child for child, parent in _processes() if parent == process.pid), process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(PATIENCE)


def wait_for(holds: Callable[[], bool], what: str) -> None:
    """Wait until `holds`, for PATIENCE at most. Raises TimeoutError that says what was waited for."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.05)


def end_driver() -> None:
    """End the JVM that the sessions of this process ran in, which would live as long as the tests."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(PATIENCE)
        SparkContext._gateway = SparkContext._jvm = None


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; all are held until all are found, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _processes() -> Iterator[tuple[int, int]]:
    """(process, parent) of every process of this machine that is no zombie."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                yield int(status.parent.name), int(parent)
