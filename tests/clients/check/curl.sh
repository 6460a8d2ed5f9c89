# mock-origin check judges the upload by curl in examples/upload.sh. curl.expect has what it is known to do wrong.
# needs: curl
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
"$MOCK_ORIGIN" check --expect "$here/curl.expect" --jobs 4 -- sh examples/upload.sh '{url}' '{file}'
