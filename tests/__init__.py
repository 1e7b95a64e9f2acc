"""Tests: unit/ mirrors orchestration/ and transforms/, support/ prepares cases, oracles/ works results out another way."""

from pathlib import Path

#: small real payloads, one folder an agency
FIXTURE_FOLDER = Path(__file__).parent / "fixtures"
