#!/usr/bin/env bash
# Makes the registry equal to the files of db/metrics/; takes the options of `heartbeat deploy`.
set -euo pipefail
exec "$(dirname "$0")/../.venv/bin/heartbeat" deploy "$@"
