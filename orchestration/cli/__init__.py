"""`headway ...`: the command line. `main` is the group with all of its commands registered."""

try:
    from orchestration.cli import (  # noqa: F401  (each registers its commands)
        assistant,
        detail,
        feed,
        handing_out,
        reading,
        timeline,
        writing,
    )
    from orchestration.cli.command import main
except KeyboardInterrupt:  # Ctrl-C before there is a command to stop: loading them takes 0.3 s
    raise SystemExit(130) from None

__all__ = ["main"]
