// Tests of a small client, with the fixture of origin.mjs: `node --test examples/node`.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startOrigin } from './origin.mjs';

/** The client under test: stores a file below /videos, and tries three times. */
async function upload(url, name, body) {
  const credentials = { 'X-Agile-Username': 'jane', 'X-Agile-Password': 'secret' };
  const login = await fetch(`${url}/account/login`, { headers: credentials });
  const headers = {
    'X-Agile-Authorization': login.headers.get('X-Agile-Token'),
    'X-Agile-Directory': '/videos',
    'X-Agile-Basename': name,
  };
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const response = await fetch(`${url}/post/raw`, { method: 'POST', headers, body });
    if (response.ok) return;
  }
  throw new Error('the upload failed three times');
}

test('a file is uploaded', async (t) => {
  const origin = await startOrigin(t);
  await upload(origin.url, 'movie.mp4', 'moving pictures');
  assert.equal(await origin.stored('/videos/movie.mp4'), 'moving pictures');
});

test('a rejected upload is sent again', async (t) => {
  const origin = await startOrigin(t);
  await origin.addFault({ op: 'raw', attempt: 1, reject: 503 });
  await upload(origin.url, 'movie.mp4', 'moving pictures');
  const statuses = (await origin.journal()).map((exchange) => exchange.status);
  assert.deepEqual(statuses, [200, 503, 200]);
});
