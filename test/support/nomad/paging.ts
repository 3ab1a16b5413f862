/** Index paging of lists. Facts: nomad/app/v1/models (Pagination), the same in both generations, and the recording. */
import { Refusal } from './answers.ts';
import type { Visit } from './model.ts';
import type { State } from './state.ts';

export type Page<T> = { readonly page: T[]; readonly pagination: object };

/** One page of `items`; a page beyond the end is refused, the first of nothing is not. */
export function paged<T>(state: State, visit: Visit, items: readonly T[], more: object): Page<T> {
  const query = visit.seen.query;
  const size = Number(query.get('page_size') ?? 10);
  const start = startOf(query, size);
  const number = Math.floor(start / size) + 1;
  if (number > 1 && (number - 1) * size >= items.length)
    throw new Refusal(400, 'Page out of range requested.');
  const url = (changed: Record<string, string>, dropped: readonly string[]): string => {
    const kept = new URLSearchParams(query);
    for (const name of dropped) kept.delete(name);
    for (const [name, value] of Object.entries(changed)) kept.set(name, value);
    return `${state.origin}/nomad-oasis/api/v1${visit.seen.path}${kept.size === 0 ? '' : `?${kept.toString()}`}`;
  };
  const hasMore = size * number < items.length;
  const next = String(start + size - 1);
  const pagination = {
    page_size: size,
    ...more,
    order: query.get('order') ?? 'asc',
    page: number,
    ...(number === 1 ? {} : { page_after_value: String(start - 1) }),
    total: items.length,
    ...(hasMore ? { next_page_after_value: next } : {}),
    page_url: url({}, []),
    ...(hasMore ? { next_page_url: url({ page_after_value: next }, ['page', 'page_after_value']) } : {}),
    ...(number === 1
      ? {}
      : { prev_page_url: url({ page: String(number - 1) }, ['page', 'page_after_value']) }),
    first_page_url: url({}, ['page', 'page_after_value']),
  };
  return { page: items.slice(start, start + size), pagination };
}

function startOf(query: URLSearchParams, size: number): number {
  const offset = query.get('page_offset');
  if (offset !== null) return Number(offset);
  const after = query.get('page_after_value');
  return after === null ? (Number(query.get('page') ?? 1) - 1) * size : Number(after) + 1;
}
