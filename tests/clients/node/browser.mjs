// Uploads with the fetch of Node, as a web page sends them (§1.6, §4, §5.2).
// needs: node
// origin: --dir /in

import assert from 'node:assert/strict';
import { File } from 'node:buffer'; // a global one came with Node 20
import { createHash } from 'node:crypto';
import { test } from 'node:test';

const ORIGIN = process.env.ORIGIN;
const PAGE = 'http://app.example';
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'X-Agile-Authorization, X-Content-Type',
  'access-control-allow-methods': 'OPTIONS',
};

const token = await login();

async function login() {
  const headers = { 'X-Agile-Username': 'jane', 'X-Agile-Password': 'secret' };
  const response = await send('/account/login', { method: 'POST', headers });
  return response.headers.get('X-Agile-Token');
}

/** Sends a request with the headers of a page, and checks that the page may read the response. */
async function send(path, { headers, ...options } = {}) {
  const signal = AbortSignal.timeout(30_000);
  const asPage = { Origin: PAGE, ...headers };
  const response = await fetch(ORIGIN + path, { signal, headers: asPage, redirect: 'manual', ...options });
  for (const [name, value] of Object.entries(CORS)) assert.equal(response.headers.get(name), value);
  return response;
}

/** Posts to an endpoint with the token. */
function post(path, body, headers = {}, options = {}) {
  const all = { 'X-Agile-Authorization': token, ...headers };
  return send(path, { method: 'POST', body, headers: all, ...options });
}

async function rpc(method, ...params) {
  const body = JSON.stringify({ id: 1, method, params });
  const response = await send('/jsonrpc', { method: 'POST', body });
  return (await response.json()).result;
}

function assertCode(response, status, code) {
  assert.deepEqual([response.status, response.headers.get('X-Agile-Status')], [status, code]);
}

/** A form with a file and fields. */
function form(file, name, fields = {}) {
  const filled = new FormData();
  for (const [field, value] of Object.entries(fields)) filled.append(field, value);
  filled.append('uploadFile', file, name);
  return filled;
}

async function create(name) {
  const headers = { 'X-Agile-Directory': '/in', 'X-Agile-Basename': name };
  const response = await post('/multipart/create', undefined, headers);
  assertCode(response, 200, '0');
  return response.headers.get('X-Agile-Multipart');
}

function piece(upload, number, body, options = {}) {
  const headers = { 'X-Agile-Multipart': upload, 'X-Agile-Part': String(number) };
  return post('/multipart/piece', body, headers, options);
}

/** A stream of what a generator gives. */
function stream(generate) {
  const generated = generate();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await generated.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const read = async (path) => new Uint8Array(await (await send(path)).arrayBuffer());
const encode = (text) => new TextEncoder().encode(text);

test('a preflight returns 200, the allowed methods and headers, and no code', async () => {
  for (const path of ['/post/file', '/multipart/piece', '/account/login', '/jsonrpc', '/in/a.txt']) {
    const headers = {
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-agile-authorization',
    };
    const response = await send(path, { method: 'OPTIONS', headers });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('X-Agile-Status'), null);
    assert.equal(await response.text(), '');
  }
});

test('a page reads error responses', async () => {
  assertCode(await send('/post/file', { method: 'POST' }), 401, '-10001');
  assertCode(await send('/post/file?token=none', { method: 'POST' }), 403, '-10001');
  assert.equal((await send('/in/none.txt')).status, 404);
});

test('a form with a token in its URL needs no preflight', async () => {
  const file = new Blob(['text'], { type: 'text/plain' });
  const body = form(file, 'form.txt', { directory: '/in' });
  const response = await send(`/post/file?token=${token}`, { method: 'POST', body });
  assertCode(response, 200, '0');
  assert.equal(response.headers.get('X-Agile-Path'), '/acme/in/form.txt');
  assert.equal(response.headers.get('X-Agile-Checksum'), sha256('text'));
  assert.deepEqual(await read('/in/form.txt'), encode('text'));
});

test('a file in a form keeps its name and its type', async () => {
  const file = new File(['<p>'], 'grün 1.unknown', { type: 'text/html' });
  const response = await post('/post/file', form(file, file.name));
  assertCode(response, 200, '0');
  const stored = await send('/gr%C3%BCn%201.unknown', { method: 'HEAD' });
  assert.equal(stored.headers.get('Content-Type'), 'text/html');
});

test('a form uploads a large binary file', async () => {
  const bytes = new Uint8Array(3_000_000).map((_, at) => (at * 31) ^ (at >> 8));
  const response = await post('/post/file', form(new Blob([bytes]), 'large.bin', { directory: '/in' }));
  assertCode(response, 200, '0');
  assert.equal(response.headers.get('X-Agile-Size'), '3000000');
  assert.equal(sha256(await read('/in/large.bin')), sha256(bytes));
});

test('a form redirects to its return_url', async () => {
  const target = `${ORIGIN}/in/target.txt`;
  await post('/post/raw', 'the next page', { 'X-Agile-Basename': 'target.txt', 'X-Agile-Directory': '/in' });
  const body = () => form(new Blob(['text']), 'a.txt', { return_url: target });
  const response = await post('/post/file', body());
  assertCode(response, 302, '0');
  assert.equal(response.headers.get('Location'), target);
  const followed = await post('/post/file', body(), {}, { redirect: 'follow' });
  assert.deepEqual([followed.status, followed.url], [200, target]);
  assert.equal(await followed.text(), 'the next page');
});

test('a form with return_referer redirects to the Referer', async () => {
  const body = form(new Blob(['text']), 'a.txt', { return_referer: '1' });
  const response = await post('/post/file', body, { Referer: `${PAGE}/form` });
  assertCode(response, 302, '0');
  assert.equal(response.headers.get('Location'), `${PAGE}/form`);
});

test('slices of a file are uploaded in parallel', async () => {
  const file = new Blob([new Uint8Array(1_050_000).map((_, at) => at % 251)]);
  const upload = await create('slices.bin');
  const slices = [0, 1, 2, 3, 4, 5].map((at) => file.slice(at * 200_000, (at + 1) * 200_000));
  const responses = await Promise.all(slices.map((slice, at) => piece(upload, at + 1, slice)));
  for (const response of responses) assertCode(response, 200, '0');
  const sizes = responses.map((response) => response.headers.get('X-Agile-Size'));
  assert.deepEqual(sizes, ['200000', '200000', '200000', '200000', '200000', '50000']);
  const done = await post('/multipart/complete', undefined, { 'X-Agile-Multipart': upload });
  assert.equal(done.headers.get('X-Agile-Parts'), '6');
  assert.deepEqual(await read('/in/slices.bin'), new Uint8Array(await file.arrayBuffer()));
});

test('a stream is uploaded in chunks', async () => {
  const upload = await create('stream.txt');
  const body = stream(function* () {
    yield* ['one ', 'two ', 'three'].map(encode);
  });
  const response = await piece(upload, 1, body, { duplex: 'half' });
  assertCode(response, 200, '0');
  assert.equal(response.headers.get('X-Agile-Checksum'), sha256('one two three'));
});

test('an aborted request stores no piece', async () => {
  const upload = await create('stopped.txt');
  const stop = new AbortController();
  const body = stream(async function* () {
    yield encode('a beginning');
    stop.abort();
    await new Promise(() => {});
  });
  const sent = piece(upload, 1, body, { duplex: 'half', signal: stop.signal });
  await assert.rejects(sent, { name: 'AbortError' });
  assert.equal((await rpc('getMultipartStatus', token, upload)).numpieces, 0);
});

test('JSON-RPC accepts the content type text/plain of a page', async () => {
  assert.deepEqual(await rpc('ping', 'grün'), { code: 0, operation: 'grün' });
  assert.deepEqual(await rpc('stat', token, '/nowhere'), { code: -1 });
});

test('a player reads a range', async () => {
  await post('/post/raw', '0123456789', { 'X-Agile-Basename': 'ten.txt', 'X-Agile-Directory': '/in' });
  const response = await send('/in/ten.txt', { headers: { Range: 'bytes=2-4' } });
  assert.deepEqual([response.status, await response.text()], [206, '234']);
  assert.equal(response.headers.get('Content-Range'), 'bytes 2-4/10');
});
