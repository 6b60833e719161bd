#!/bin/sh
# CPU per transition of this interpreter and of MiniStack's, on the same machines in one run.
# Makes its own Python environment here; asks the package index only the first time.
set -eu
cd "$(dirname "$0")"
if [ ! -x venv/bin/python ]; then
  python3 -m venv venv
  venv/bin/pip install --quiet --requirement requirements.txt
fi
cargo build --release --quiet --package asl --example bench
target=$(cargo metadata --format-version 1 --no-deps | venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
exec venv/bin/python side_by_side.py "$target/release/examples/bench"
