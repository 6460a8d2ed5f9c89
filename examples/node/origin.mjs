// Runs a mock origin for one test of node:test. Copy this file into your tests.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const BINARY = process.env.MOCK_ORIGIN ?? 'mock-origin';

/** Starts an origin that stops after the test `t`. `url` is for the client, the rest for the test. */
export async function startOrigin(t) {
  const args = ['serve', '--dir', '/videos', '--control', '127.0.0.1:0'];
  // The origin ends when its standard input is closed, even if this process is killed.
  args.push('--exit-with-stdin', '--strict');
  const child = spawn(BINARY, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.stdin.end();
    const [status] = await ended;
    assert.equal(status, 0, 'the origin found errors; see its standard error');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  const control = (await lines.next()).value?.replace('control ', '');
  assert(url && control, 'the origin did not start; standard error says why');

  /** Calls the control endpoint: a POST if there is a body, else a GET. */
  async function call(endpoint, body) {
    const options = body && { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(control + endpoint, options);
    assert(response.ok, `${endpoint}: ${response.status}`);
    return response;
  }

  return {
    url,
    /** Adds a fault, for example `{ op: 'raw', attempt: 1, reject: 503 }`. */
    addFault: (fault) => call('faults', fault),
    /** Returns every recorded exchange. */
    journal: async () => (await (await call('journal')).json()).exchanges,
    /** Returns the text of a stored file. */
    stored: async (path) => (await call(`files?path=${encodeURIComponent(path)}`)).text(),
  };
}
