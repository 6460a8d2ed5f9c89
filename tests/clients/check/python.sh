# mock-origin check judges python/upload_file.py. python.expect has what it is known to do wrong.
# needs: python-packages
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# One scenario shows that the client waits too long; each of the others would take as long.
"$MOCK_ORIGIN" check --profile "$here/python.toml" --expect "$here/python.expect" --jobs 4 \
  --skip broken/stall --skip broken/no-response -- \
  python3 "$here/../python/upload_file.py" '{directory}' '{name}' '{file}' '{piece_size}'
