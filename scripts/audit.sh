#!/usr/bin/env bash
# Known weaknesses of what is in the service: 0 none, 1 some, which are listed. Mirrors of npm's registry mostly answer no audits: then it says so,
# and exits with 0, since nothing was found out.
set -uo pipefail
cd "$(dirname "$0")/.."
report=$(npm audit --package-lock-only --omit=dev --json 2>/dev/null)
if node -e 'process.exit(JSON.parse(process.argv[1]).metadata === undefined ? 0 : 1)' "${report:-{\}}" 2>/dev/null; then
  echo 'not audited: this registry answers no audits; run it where npm reaches its own'
  exit 0
fi
npm audit --package-lock-only --omit=dev
