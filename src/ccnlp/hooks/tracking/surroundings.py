"""Code, packages, machine and process that a run depends on."""

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

UNKNOWN = "unknown"
MAIN_PACKAGES = ("ccnlp", "kedro", "mlflow", "torch", "transformers", "tokenizers", "datasets")


@dataclass(frozen=True)
class CodeRevision:
    """The commit of the project, and whether files differ from it (`true`, `false`, `unknown`)."""

    commit: str
    is_dirty: str


def code_revision(project: Path) -> CodeRevision:
    """What git says; `unknown` where there is no git or no repository."""
    commit = _git(project, "rev-parse", "HEAD")
    changes = _git(project, "status", "--porcelain")
    if commit is None or changes is None:
        return CodeRevision(UNKNOWN, UNKNOWN)
    return CodeRevision(commit.strip(), "true" if changes.strip() else "false")


def _git(project: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(project), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout


def describe_machine() -> dict[str, str]:
    """Host, system, processor and memory."""
    memory = psutil.virtual_memory().total / (1 << 30)
    return {
        "host.name": platform.node(),
        "host.system": platform.platform(),
        "host.processor": _processor(),
        "host.cores": str(len(os.sched_getaffinity(0))),
        "host.memory_gib": f"{memory:.1f}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_device() -> str:
    """What torch computes on; `unused` where nothing has imported torch."""
    torch = sys.modules.get("torch")
    if torch is None:
        return "unused"
    return f"cuda: {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else "cpu"


def main_versions() -> dict[str, str]:
    """Versions of the packages that results depend on most."""
    return {f"version.{name}": _version(name) for name in MAIN_PACKAGES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN


def list_packages() -> str:
    """Every installed package with its version, a line each, as pip reads it."""
    versions = {package.metadata["Name"]: package.version for package in metadata.distributions()}
    return "\n".join(f"{name}=={versions[name]}" for name in sorted(versions, key=str.lower))


@dataclass(frozen=True)
class ProcessIdentity:
    """A process that cannot be taken for a later one with the same number."""

    host: str
    pid: int
    started: float

    @classmethod
    def of_this(cls) -> "ProcessIdentity":
        """The running process."""
        process = psutil.Process()
        return cls(platform.node(), process.pid, process.create_time())

    def is_alive(self) -> bool:
        """Whether that very process still runs on this machine."""
        try:
            # The start is read off a clock that is set now and then: two seconds are the same.
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started) < 2 and (
                process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True
