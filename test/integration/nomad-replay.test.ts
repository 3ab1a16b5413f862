import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeZip } from '../support/nomad/make-zip.ts';
import {
  type Bindings,
  bind,
  differences,
  type Exchange,
  readRecording,
} from '../support/nomad/recording.ts';
import { type NomadServer, startNomadServer, type UserName } from '../support/nomad-server.ts';

const USERS: readonly UserName[] = ['alice', 'bob', 'collector', 'admin'];
const PLAIN_ZIP = makeZip([{ name: 'z', data: 'z' }]);

const partHead = (name: string): string =>
  `--BB\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;

/** The recording describes bodies in words; these are bodies of those words. */
const BODIES: Readonly<Record<string, Buffer>> = {
  'form username,password': Buffer.from('username=alice&password=pw'),
  'form username,wrong password': Buffer.from('username=alice&password=no'),
  zip: PLAIN_ZIP,
  'zip run/a.txt b.txt': makeZip([
    { name: 'run/a.txt', data: 'aa' },
    { name: 'b.txt', data: 'b' },
  ]),
  'zip that is a docx': makeZip([
    { name: '[Content_Types].xml', data: 'x' },
    { name: 'word/d.xml', data: 'd' },
  ]),
  'not a zip': Buffer.from('this is no zip'),
  'zip run1/a.txt=hello c.txt=ccc empty/': makeZip([
    { name: 'run1/a.txt', data: 'hello' },
    { name: 'c.txt', data: 'ccc' },
    { name: 'empty/' },
  ]),
  'zip run1/a.txt=HELLO2! d.txt=dd': makeZip([
    { name: 'run1/a.txt', data: 'HELLO2!' },
    { name: 'd.txt', data: 'dd' },
  ]),
  'zip d.txt=D2': makeZip([{ name: 'd.txt', data: 'D2' }]),
  'zip holding in.zip': makeZip([{ name: 'in.zip', data: PLAIN_ZIP }]),
  'zip 0first.txt run1(file) zlast.txt': makeZip([
    { name: '0first.txt', data: '0' },
    { name: 'run1', data: 'a file' },
    { name: 'zlast.txt', data: 'z' },
  ]),
  'zip run1(file)': makeZip([{ name: 'run1', data: 'a file' }]),
  'zip, CRC wrong': makeZip([{ name: 'crc.txt', data: 'crc', crc: 1 }]),
  'zip cut short': PLAIN_ZIP.subarray(0, 60),
  'zip, name bytes C3 BC, flag bit 11 unset': makeZip([{ name: 'ü_.txt', data: 'u', utf8Flag: false }]),
  'multipart file x3': multipart([
    ['m%20one.txt', Buffer.from('1')],
    ['zero.bin', Buffer.alloc(0)],
    ['batch.zip', makeZip([{ name: 'in/q.txt', data: 'q' }])],
  ]),
  'multipart file x1001': multipart(
    Array.from({ length: 1001 }, (_, index): [string, Buffer] => [`f${index}`, Buffer.from('f')]),
  ),
  '1 byte': Buffer.from('1'),
  '2 bytes': Buffer.from('22'),
  '5 bytes': Buffer.from('55555'),
  '5 bytes text': Buffer.from('hello'),
  '14 bytes': Buffer.from('not an archive'),
  'yaml entry': Buffer.from('data: {}\n'),
};
const JSON_BODIES: Readonly<Record<string, string>> = {
  'edit with the upload token': '{"metadata":{"upload_name":"edited"}}',
  'edit with bearer': '{"metadata":{"upload_name":"edited"}}',
  'edit bad user': '{"metadata":{"coauthors":["nobody"]}}',
};

function multipart(files: readonly (readonly [string, Buffer])[]): Buffer {
  const parts = files.flatMap(([name, data]) => [Buffer.from(partHead(name)), data, Buffer.from('\r\n')]);
  return Buffer.concat([...parts, Buffer.from('--BB--\r\n')]);
}

const below = (sizes: Record<string, number>, prefix: string): Record<string, number> =>
  Object.fromEntries(Object.entries(sizes).filter(([name]) => name.startsWith(prefix)));
const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

describe('the NOMAD test server and the recorded v1.3 platform', () => {
  let nomad: NomadServer;
  let recording: readonly Exchange[];
  const bindings: Bindings = new Map();

  beforeAll(async () => {
    nomad = await startNomadServer({ generation: 'v1.3' });
    recording = await readRecording();
    bindings.set('{origin}', nomad.origin);
    for (const user of USERS) bindings.set(`{token:${user}}`, nomad.tokenOf(user));
    for (const user of USERS) bindings.set(`{user:${user}}`, nomad.userId(user));
  });
  afterAll(async () => {
    await nomad.close();
  });

  it('gives every one of the 102 recorded answers, in order', async () => {
    const wrong: string[] = [];
    let replayed = 0;
    for (const one of recording) {
      await prepare(one);
      if (one.request !== undefined && one.answer !== undefined) {
        const came = await ask(one);
        const recorded = { ...one.answer, body: one.answer.body };
        wrong.push(...differences(recorded, came, bindings).map((text) => `${one.name} ${text}`));
      }
      if (one.after !== undefined)
        wrong.push(...(await compareAfter(one)).map((text) => `${one.name} ${text}`));
      replayed += 1;
    }

    expect(wrong).toEqual([]);
    expect(replayed).toBe(102);
    expect(recording.filter((one) => one.request !== undefined)).toHaveLength(100);
  });

  it('would show a difference in status, header, field, type or length', () => {
    const known: Bindings = new Map([['{u1}', 'A'.repeat(22)]]);
    const recorded = { status: 200, body: { id: '{u1}', errors: [], name: null, when: '<timestamp>' } };
    const same = {
      status: 200,
      body: { id: 'A'.repeat(22), errors: [], name: null, when: '2026-11-22T04:25:43.183771' },
    };

    expect(differences(recorded, same, known)).toEqual([]);
    for (const changed of [
      { ...same, status: 201 },
      { ...same, location: 'x' },
      { ...same, body: { ...same.body, id: 'B'.repeat(22) } },
      { ...same, body: { ...same.body, errors: ['e'] } },
      { ...same, body: { ...same.body, name: '' } },
      { ...same, body: { ...same.body, when: '2026-11-22' } },
      { status: 200 },
    ])
      expect(differences(recorded, changed, known)).not.toEqual([]);
  });

  /** What the person who recorded did beside the requests: the names of the exchanges tell. */
  async function prepare(one: Exchange): Promise<void> {
    nomad.outage = one.name === 'create while user management is down';
    if (one.name === 'PUT 1 while the worker is busy' || one.name === 'PUT that will fail')
      nomad.worker.hold();
    if (one.request === undefined) nomad.worker.release();
    if (one.name.startsWith('unpublished limit')) {
      for (let count = 0; count < 10; count++) await askAs('POST', '/uploads', 'collector', undefined);
    }
    if (one.name.startsWith('after 92 refused PUTs')) {
      const path = `/uploads/${bindings.get('{u1}')}/raw/?file_name=bad.zip`;
      for (let count = 0; count < 92; count++) {
        const status = await askAs('PUT', path, 'alice', Buffer.from('no zip'));
        if (status !== 400) throw new Error(`refused PUT ${count} was answered ${status}`);
      }
    }
  }

  async function askAs(
    method: string,
    path: string,
    user: UserName,
    body: Buffer | undefined,
  ): Promise<number> {
    const token = `${path.includes('?') ? '&' : '?'}token=${nomad.tokenOf(user)}`;
    return (await exchangeRaw(method, `${path}${token}`, { Accept: 'application/json' }, body)).status;
  }

  async function ask(one: Exchange): Promise<unknown> {
    if (one.request === undefined) throw new Error(`${one.name} has no request`);
    const { method, path, query, headers, body } = one.request;
    const bound = Object.entries(query).map(([key, value]) => [key, bind(value, bindings)]);
    const search = new URLSearchParams(bound).toString();
    const target = `${bind(path, bindings)}${search === '' ? '' : `?${search}`}`;
    const sent = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key, credential(one, value)]),
    );
    const bytes = body === null ? undefined : (BODIES[body] ?? Buffer.from(JSON_BODIES[one.name] ?? body));
    return await exchangeRaw(method, target, sent, bytes);
  }

  function credential(one: Exchange, value: string): string {
    if (one.name === 'expired app token') return `Bearer ${nomad.appToken('alice', -3600)}`;
    return bind(value, bindings);
  }

  type Came = {
    status: number;
    content_type: string;
    body: unknown;
    www_authenticate?: string;
    location?: string;
  };

  async function exchangeRaw(
    method: string,
    target: string,
    headers: Record<string, string>,
    body: Buffer | undefined,
  ): Promise<Came> {
    const { promise, resolve, reject } = Promise.withResolvers<Came>();
    const length = body === undefined ? {} : { 'Content-Length': String(body.length) };
    const { hostname, port, pathname } = new URL(nomad.url);
    const path = `${pathname}${target}`;
    const outgoing = httpRequest(
      { hostname, port, method, path, headers: { ...headers, ...length } },
      (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece));
        incoming.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          const type = incoming.headers['content-type'] ?? '';
          const challenge = incoming.headers['www-authenticate'];
          const location = incoming.headers.location;
          resolve({
            status: incoming.statusCode ?? 0,
            content_type: type,
            body: type === 'application/json' ? JSON.parse(text) : text,
            ...(challenge === undefined ? {} : { www_authenticate: challenge }),
            ...(location === undefined ? {} : { location }),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
    return await promise;
  }

  /** `after` was recorded in three shapes: a whole upload, single fields of it, or only some of its files. */
  async function compareAfter(one: Exchange): Promise<string[]> {
    await nomad.worker.idle();
    const { files, lost, status, message, upload, ...fields } = one.after ?? {};
    const id = uploadOf(one);
    const data = await fieldsOf(id);
    const named = { process_status: status, last_status_message: message };
    const wanted = { ...fields, ...(typeof upload === 'object' ? upload : {}), ...defined(named) };
    const seen = Object.fromEntries(Object.keys(wanted).map((key) => [key, data[key] ?? null]));
    const wrong = differences(wanted, seen, bindings, '$after');
    const sizes = Object.fromEntries(await nomad.sizesOf(id));
    if (files !== undefined)
      wrong.push(...differences(files, one.name === 'queue drained' ? below(sizes, 'q/') : sizes, bindings));
    if (lost !== undefined) wrong.push(...differences(lost, below(sizes, 'lost'), bindings));
    return wrong;
  }

  function uploadOf(one: Exchange): string {
    const placeholder = /\{u[\w-]*\}/.exec(JSON.stringify(one.answer ?? {}))?.[0] ?? '{u1}';
    const id = bindings.get(placeholder);
    if (id === undefined) throw new Error(`no upload is bound to ${placeholder}`);
    return id;
  }

  async function fieldsOf(id: string): Promise<Record<string, unknown>> {
    const owner = nomad.uploads().find((one) => one.id === id)?.mainAuthor ?? '';
    const came = await exchangeRaw('GET', `/uploads/${id}`, { Authorization: `Bearer ${owner}` }, undefined);
    const body = came.body;
    const data = typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined;
    return typeof data === 'object' && data !== null ? Object.fromEntries(Object.entries(data)) : {};
  }
});
