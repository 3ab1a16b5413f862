/** `GET /uploads`. Facts: the recording; nomad/app/v1/routers/uploads/{default,models}.py and nomad/mongo/search.py (1.4). */
import { invalid, Refusal } from './answers.ts';
import type { Route, Upload, Visit } from './model.ts';
import { paged } from './paging.ts';
import { dataOf, isRunning, type State } from './state.ts';

const ORDERS = ['upload_create_time', 'publish_time', 'upload_name', 'last_status_message'];

type Asked = {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly processing: boolean | undefined;
  readonly published: boolean | undefined;
  readonly owned: boolean | undefined;
  readonly status: string | undefined;
};

export function listRoute(state: State): Route {
  return (visit) => {
    const user = state.auth.requireUser(visit, false);
    const orderBy = orderOf(state, visit);
    const asked = askedOf(visit);
    const shown = [...state.uploads.values()]
      .filter((one) => hasRole(one, user, visit.seen.query.getAll('roles')))
      .filter((one) => fits(state, one, user, asked));
    shown.sort((a, b) => compare(keyOf(a, orderBy), keyOf(b, orderBy)));
    if (visit.seen.query.get('order') === 'desc') shown.reverse();
    const { page, pagination } = paged(state, visit, shown, { order_by: orderBy });
    const json = { query: echoOf(asked), pagination, data: page.map((one) => dataOf(state, one, false)) };
    return { status: 200, json };
  };
}

/** v1.4 has `process_status` too, and words its refusal otherwise (models.py, UploadProcDataPagination). */
function orderOf(state: State, visit: Visit): string {
  const isOld = state.generation === 'v1.3';
  const orders = isOld ? ORDERS : [...ORDERS, 'process_status'];
  const orderBy = visit.seen.query.get('order_by') ?? 'upload_create_time';
  if (orders.includes(orderBy)) return orderBy;
  if (isOld) throw invalid(['query', 'order_by'], 'order_by must be a valid attribute', 'assertion_error');
  const choices = orders.map((one) => `'${one}'`).join(', ');
  throw invalid(['query'], `order_by is '${orderBy}', must be one of (${choices})`, 'invalid_order_by');
}

function askedOf({ seen: { query } }: Visit): Asked {
  const flag = (name: string): boolean | undefined =>
    query.has(name) ? query.get(name) === 'true' : undefined;
  return {
    ids: query.getAll('upload_id'),
    names: query.getAll('upload_name'),
    processing: flag('is_processing'),
    published: flag('is_published'),
    owned: flag('is_owned'),
    status: query.get('process_status')?.toUpperCase(),
  };
}

function echoOf(asked: Asked): object {
  const pairs: readonly (readonly [string, unknown])[] = [
    ['upload_id', asked.ids.length === 0 ? undefined : asked.ids],
    ['upload_name', asked.names.length === 0 ? undefined : asked.names],
    ['is_processing', asked.processing],
    ['is_published', asked.published],
    ['process_status', asked.status],
    ['is_owned', asked.owned],
  ];
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

function hasRole(upload: Upload, user: string, roles: readonly string[]): boolean {
  const all = roles.length === 0;
  return (
    ((all || roles.includes('main_author')) && upload.mainAuthor === user) ||
    ((all || roles.includes('coauthor')) && upload.coauthors.includes(user)) ||
    ((all || roles.includes('reviewer')) && upload.reviewers.includes(user))
  );
}

function fits(state: State, upload: Upload, user: string, asked: Asked): boolean {
  if (asked.ids.length > 0 && !asked.ids.includes(upload.id)) return false;
  if (asked.names.length > 0 && !hasName(state, upload, asked.names)) return false;
  if (asked.published !== undefined && (upload.publishTime !== null) !== asked.published) return false;
  // v1.3 takes these two and does not apply them (recorded in the contract); in 1.4 the status beats is_processing.
  const isNew = state.generation === 'v1.4';
  if (isNew && asked.owned !== undefined && (upload.mainAuthor === user) !== asked.owned) return false;
  if (isNew && asked.status !== undefined) return upload.status === asked.status;
  return asked.processing === undefined || isRunning(upload) === asked.processing;
}

/** 1.4 reads a name that begins with '{' as JSON: `{"value": …, "type": "exact" | "fuzzy"}`. */
function hasName(state: State, upload: Upload, names: readonly string[]): boolean {
  const own = upload.name ?? '';
  if (state.generation === 'v1.3') return names.includes(own);
  return names.some((name) => {
    if (!name.startsWith('{')) return name === own;
    const { value, type } = matchOf(name);
    return type === 'fuzzy' ? own.toLowerCase().includes(value.toLowerCase()) : own === value;
  });
}

function matchOf(text: string): { value: string; type: string } {
  const parsed = parse(text);
  if (typeof parsed === 'object' && parsed !== null && 'value' in parsed && typeof parsed.value === 'string')
    return { value: parsed.value, type: 'type' in parsed ? String(parsed.type) : 'exact' };
  throw new Refusal(400, `Invalid upload_name query value: ${text}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ties are broken by the time of creation, then by id (models.py, order_result). */
function keyOf(upload: Upload, orderBy: string): readonly string[] {
  const first: Readonly<Record<string, string | null>> = {
    publish_time: upload.publishTime,
    upload_name: upload.name,
    last_status_message: upload.message,
    process_status: upload.status,
  };
  return [...(orderBy in first ? [first[orderBy] ?? ''] : []), upload.createTime, upload.id];
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [at, one] of a.entries()) {
    const other = b[at] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
