import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Content } from '../../src/core/content.ts';
import { IngestError } from '../../src/core/errors.ts';
import { type OwnerId, ownerId } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/model.ts';
import { DELIVERED_STATES } from '../../src/core/states.ts';
import type { Call, Destination, RemoteContainer } from '../../src/destinations/destination.ts';
import { type ContentPlan, contentOf } from '../support/content.ts';

/** One adapter with its real counterpart, fresh for each test. */
export type DestinationHarness = AsyncDisposable & {
  readonly destination: Destination;
  /** What `Call` carries for that owner. The suite's owners are `alice` and `bob`. */
  readonly call: (owner: OwnerId, signal: AbortSignal) => Call;
  /** Every file that is delivered for the owner, by its path below the container. */
  readonly delivered: (owner: OwnerId) => Promise<ReadonlyMap<string, Buffer>>;
  /** The revealed credentials: none may be seen in an answer or an error. */
  readonly secrets: readonly string[];
};

const ALICE = ownerId('alice');
const BOB = ownerId('bob');
const never = new AbortController().signal;

/** What every adapter must show; run by one test file per adapter, unchanged. */
export function destinationContract(name: string, start: () => Promise<DestinationHarness>): void {
  describe(`${name} keeps the destination contract`, () => {
    let harness: DestinationHarness;

    beforeEach(async () => {
      harness = await start();
    });
    afterEach(async () => {
      await harness[Symbol.asyncDispose]();
    });

    const call = (owner: OwnerId, signal: AbortSignal = never) => harness.call(owner, signal);

    async function opened(content: Content): Promise<RemoteContainer> {
      const { destination } = harness;
      return await destination.open(destination.containerName(content.batch), call(content.batch.owner));
    }

    async function deliver(content: Content, container?: RemoteContainer): Promise<Receipt> {
      const { owner } = content.batch;
      const into = container ?? (await opened(content));
      await harness.destination.send(into, content, call(owner));
      return await harness.destination.close(into, content, call(owner));
    }

    /** Without the manifests that a parcel carries: they are not files of the batch. */
    async function delivered(owner: OwnerId): Promise<ReadonlyMap<string, Buffer>> {
      const all = await harness.delivered(owner);
      return new Map([...all].filter(([path]) => !path.includes('/.nightjar/')));
    }

    /** What is delivered for the owner but should not be, is missing, or has other bytes: empty when all is right. */
    async function differences(owner: OwnerId, ...plans: readonly ContentPlan[]): Promise<readonly string[]> {
      const found = await delivered(owner);
      const wanted = new Map(plans.flatMap((plan) => wantedOf(plan)));
      const surplus = [...found.keys()].filter((path) => !wanted.has(path)).map((path) => `surplus: ${path}`);
      const missing = [...wanted.keys()].filter((path) => !found.has(path)).map((path) => `missing: ${path}`);
      const other = [...wanted]
        .filter(([path, bytes]) => found.get(path)?.equals(bytes) === false)
        .map(([path]) => `other bytes: ${path}`);
      return [...surplus, ...missing, ...other];
    }

    it('names its kind and limits a planner can use', () => {
      const { kind, limits } = harness.destination;

      expect(kind).toMatch(/^[a-z]+$/);
      expect(limits.maxBytes).toBeGreaterThan(0);
      expect(limits.maxFiles).toBeGreaterThan(0);
    });

    it('answers a check with a sentence and creates nothing', async () => {
      const sentence = await harness.destination.check(call(ALICE));

      expect(sentence.length).toBeGreaterThan(10);
      expect((await delivered(ALICE)).size).toBe(0);
    });

    it('gives the same batch the same container name, and two owners different ones', () => {
      const { destination } = harness;
      const plan = { files: { 'SEM1/a': 'a' } };

      const alice = destination.containerName(contentOf({ ...plan, owner: ALICE }).batch);

      expect(destination.containerName(contentOf({ ...plan, owner: ALICE }).batch)).toBe(alice);
      expect(destination.containerName(contentOf({ ...plan, owner: BOB }).batch)).not.toBe(alice);
    });

    it('opens a container as plain JSON with an id', async () => {
      const container = await opened(contentOf({ owner: ALICE, files: { 'SEM1/a': 'a' } }));

      expect(container.id).not.toBe('');
      expect(container.location).not.toBe('');
      expect(JSON.parse(JSON.stringify(container))).toEqual(container);
      expect((await delivered(ALICE)).size).toBe(0);
    });

    it('delivers every file byte for byte below the target directory', async () => {
      const plan = {
        owner: ALICE,
        files: {
          'SEM1/run1/a.tif': noise(3 * 2 ** 20 + 17),
          'SEM1/run1/log/b.txt': 'b',
          'XRD/c': noise(2 ** 20),
        },
      };

      await deliver(contentOf(plan));

      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('trap 16: puts a file at its safe path, and when it is sent again too', async () => {
      const own = 'SEM1/a\nb/K\udcf6rner';
      const plan = {
        owner: ALICE,
        files: { [own]: 'a', 'SEM1/c': 'c' },
        as: { [own]: 'SEM1/a_b~1/K_rner~2' },
      };
      const content = contentOf(plan);
      const container = await opened(content);

      await deliver(content, container);
      await deliver(content, container);

      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('gives a receipt whose counts are those of the batch', async () => {
      const content = contentOf({
        owner: ALICE,
        files: { 'SEM1/a': 'four', 'SEM1/b': '', 'SEM1/c/d': 'sixsix' },
      });

      const receipt = await deliver(content);

      expect({ files: receipt.files, bytes: receipt.bytes }).toEqual({ files: 3, bytes: 10 });
      expect(DELIVERED_STATES).toContain(receipt.evidence);
      expect(receipt.how).not.toBe('');
      expect(receipt.location).not.toBe('');
    });

    it('keeps UTF-8 and odd names', async () => {
      const plan = {
        owner: ALICE,
        files: Object.fromEntries(ODD_NAMES.map((odd) => [`SEM1/${odd}`, `content of ${odd}`])),
      };

      await deliver(contentOf(plan));

      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('delivers empty files, also when there is nothing else', async () => {
      const plan = { owner: ALICE, files: { 'SEM1/empty.done': '', 'SEM1/deep/also-empty': '' } };

      const receipt = await deliver(contentOf(plan));

      expect(receipt.bytes).toBe(0);
      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('delivers many files', async () => {
      const many = Array.from({ length: 1500 }, (_, at) => [
        `SEM1/stack/${at % 30}/frame-${at}.raw`,
        `frame ${at}`,
      ]);
      const plan = { owner: ALICE, files: Object.fromEntries(many) };

      await deliver(contentOf(plan));

      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('does not unpack an archive that is itself a file of the batch', async () => {
      const inner = contentOf({ owner: ALICE, files: { 'SEM1/inner.txt': 'inner' } });
      const { stream } = await inner.parcel(never);
      const plan = { owner: ALICE, files: { 'SEM1/export.zip': Buffer.concat(await stream.toArray()) } };

      await deliver(contentOf(plan));

      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('doubles nothing when the same batch is sent again', async () => {
      const plan = { owner: ALICE, files: { 'SEM1/a.tif': noise(100_000), 'SEM1/b/c.tif': 'c' } };
      const container = await opened(contentOf(plan));

      const first = await deliver(contentOf(plan), container);
      const second = await deliver(contentOf(plan), container);

      expect(second).toEqual(first);
      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it('adds a later batch to the earlier ones in one container', async () => {
      const monday = { owner: ALICE, files: { 'SEM1/run1/a.tif': 'monday' } };
      const tuesday = {
        owner: ALICE,
        files: { 'SEM1/run1/b.tif': 'tuesday', 'SEM1/run2/a.tif': 'tuesday too' },
      };
      const container = await opened(contentOf(monday));

      await deliver(contentOf(monday), container);
      await deliver(contentOf(tuesday), container);

      expect(await differences(ALICE, monday, tuesday)).toEqual([]);
    });

    it('keeps a first version and an addendum of the same path side by side', async () => {
      const first = { owner: ALICE, files: { 'SEM1/a.tif': 'first version' } };
      const later = {
        owner: ALICE,
        files: { 'SEM1/a.tif': 'second one' },
        addendum: true,
        mtimeMs: Date.UTC(2026, 9, 3),
      };
      const container = await opened(contentOf(first));

      await deliver(contentOf(first), container);
      await deliver(contentOf(later), container);

      expect(await differences(ALICE, first, later)).toEqual([]);
    });

    it("never mixes two owners' data, even under the same paths", async () => {
      const alice = { owner: ALICE, files: { 'SEM1/a.tif': "alice's", 'SEM1/same': 'same' } };
      const bob = { owner: BOB, files: { 'SEM1/a.tif': "bob's", 'SEM1/same': 'same' } };
      const containers = [await opened(contentOf(alice)), await opened(contentOf(bob))] as const;

      await deliver(contentOf(alice), containers[0]);
      await deliver(contentOf(bob), containers[1]);

      expect(containers[0].id).not.toBe(containers[1].id);
      expect(await differences(ALICE, alice)).toEqual([]);
      expect(await differences(BOB, bob)).toEqual([]);
    });

    it('writes nothing when the signal is aborted before it begins', async () => {
      const plan = { owner: ALICE, files: { 'SEM1/a': 'a' } };
      const container = await opened(contentOf(plan));
      const signal = AbortSignal.abort(stopped());

      const error = await failureOf(
        harness.destination.send(container, contentOf(plan), call(ALICE, signal)),
      );

      expect(error.disposition).toBe('retry');
      expect(await differences(ALICE)).toEqual([]);
    });

    it('stops when the signal is aborted in the middle, and a later send succeeds', async () => {
      const plan = {
        owner: ALICE,
        files: { 'SEM1/a': noise(300_000), 'SEM1/b': noise(300_000), 'SEM1/c': noise(300_000) },
      };
      const container = await opened(contentOf(plan));
      const controller = new AbortController();
      const onPiece = (before: number) => {
        if (before >= 400_000) controller.abort(stopped());
      };

      const sending = harness.destination.send(
        container,
        contentOf({ ...plan, onPiece }),
        call(ALICE, controller.signal),
      );
      const error = await failureOf(sending);

      expect(error.disposition).toBe('retry');
      expect(await differences(ALICE)).toEqual([]);
      await deliver(contentOf(plan), container);
      expect(await differences(ALICE, plan)).toEqual([]);
    });

    it.each([
      ['in its first file', 0, 10],
      ['in mid-file', 1, 150_000],
      ['after its last byte', 2, 200_000],
    ])(
      'passes on the error of content that fails %s, and calls nothing of it delivered',
      async (_, file, byte) => {
        const plan = {
          owner: ALICE,
          files: { 'SEM1/a': noise(200_000), 'SEM1/b': noise(200_000), 'SEM1/c': noise(200_000) },
        };
        const container = await opened(contentOf(plan));
        const changed = new IngestError('FILE_CHANGED', 'SEM1/b changed while it was read', { hint: 'none' });
        const failing = contentOf({ ...plan, fault: { file, byte, error: changed } });

        const thrown = await harness.destination
          .send(container, failing, call(ALICE))
          .catch((error: unknown) => error);

        expect(thrown).toBe(changed);
        expect(await differences(ALICE)).toEqual([]);
        const closing = harness.destination.close(container, failing, call(ALICE));
        const claim = await closing.then(
          ({ evidence }) => evidence,
          () => 'no claim',
        );
        expect(claim).toBe('no claim');
        await deliver(contentOf(plan), container);
        expect(await differences(ALICE, plan)).toEqual([]);
      },
    );

    it('shows no secret in an answer or an error', async () => {
      const content = contentOf({ owner: ALICE, files: { 'SEM1/a': 'a' } });
      const container = await opened(content);
      const gone = { ...container, id: 'no-such-container' };

      const sentence = await harness.destination.check(call(ALICE));
      const error = await failureOf(harness.destination.send(gone, content, call(ALICE)));
      const receipt = await deliver(content, container);

      const seen = [sentence, everythingOf(error), JSON.stringify(container), JSON.stringify(receipt)].join(
        '\n',
      );
      expect(harness.secrets.length).toBeGreaterThan(0);
      expect(harness.secrets.filter((secret) => seen.includes(secret))).toEqual([]);
    });
  });
}

const ODD_NAMES = [
  'Müller & Söhne.txt',
  'caf\u00e9.txt',
  'cafe\u0301-decomposed.txt',
  '電子顕微鏡/試料 1.tif',
  '🌙.raw',
  'two  spaces.txt',
  ' leading space',
  'per%20cent%.txt',
  '100%',
  'plus+and=equals&.txt',
  'hash#question?.txt',
  'semi;colon,comma',
  'colon 12:30:00.txt',
  "quote's.txt",
  'double "quoted".txt',
  '$(echo) `x` $HOME.txt',
  '[brackets]{braces}(1).txt',
  '-dash',
  '~tilde',
  '.hidden',
  'dots...tif',
  `${'long'.repeat(50)}.tif`,
  'constructor',
  '__proto__.txt',
];

function wantedOf(plan: ContentPlan): readonly (readonly [string, Buffer])[] {
  const { targetDir } = contentOf(plan);
  return Object.entries(plan.files).map(
    ([path, bytes]) => [`${targetDir}/${plan.as?.[path] ?? path}`, Buffer.from(bytes)] as const,
  );
}

/** Bytes that are not all the same, and do not compress: the same for the same length. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = length | 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function stopped(): IngestError {
  return new IngestError('INTERRUPTED', 'the daemon is being stopped', { hint: 'none' });
}

async function failureOf(work: Promise<unknown>): Promise<IngestError> {
  const outcome = await work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (outcome instanceof IngestError) return outcome;
  throw new Error(`expected an IngestError, but: ${inspect(outcome)}`);
}

function everythingOf(error: IngestError): string {
  return [
    inspect(error, { depth: 20, showHidden: true }),
    error.stack,
    error.hint,
    JSON.stringify(error.context),
  ].join('\n');
}
