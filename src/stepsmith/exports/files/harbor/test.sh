#!/bin/bash
# Judges /app/@ANSWER@. Where judging itself fails there is no reward, and Harbor says so.
exec python3 "$(dirname "$0")/grade.py" "$@"
