import type { Config, MappingConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { HttpClient } from '../http/http-client.ts';
import { createOwnerResolver, type OwnerResolver } from '../http/owner-resolver.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Resolution } from '../ledger/resolutions.ts';
import type { OwnerSources } from '../nightly/resolve-owners.ts';
import { askSidecars, sidecarStamp } from './ask-sidecars.ts';
import type { CompiledMapping } from './compile-mapping.ts';

type Parts = {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly store: TokenStore;
  readonly current: () => CompiledMapping;
};

/** How the sources of the mapping in force are asked: sidecars by a child process, the resolver over HTTP. */
export function openOwnerSources(parts: Parts): OwnerSources {
  const { current, clock } = parts;
  const resolverOf = resolverPerMapping(parts);
  return {
    isNeeded: () => current().mapping.rules.some(asksOutside),
    questions: ({ share, path, entry }, answer) =>
      current().assigner.questions(path, { share, entry }, answer),
    stampOf: (question) => (question.source === 'http' ? '' : sidecarStamp(parts, question)),
    ask: async (share, questions, signal) => {
      const { resolver, lifetimeMs } = resolverOf();
      const asked = questions.map(({ question }) => question);
      const bySidecar = await askSidecars(parts, share, asked, signal);
      const answers: Resolution[] = [];
      for (const { question, stamp } of questions) {
        const isHttp = question.source === 'http';
        const answer = isHttp ? await resolver(question, signal) : bySidecar(question);
        const at = clock.now();
        answers.push({ answer, stamp, at, until: isHttp ? at + lifetimeMs : undefined });
      }
      return answers;
    },
  };
}

type Made = { readonly of: MappingConfig; readonly resolver: OwnerResolver; readonly lifetimeMs: number };

/** One resolver for as long as the mapping is the same, so that it remembers how it fares. */
function resolverPerMapping({ http, store, clock, current }: Parts): () => Made {
  let made: Made | undefined;
  return () => {
    const { mapping } = current();
    if (made?.of === mapping) return made;
    const { url = '', timeoutMs = 0, lifetimeMs = 0, token } = mapping.resolver ?? {};
    const options = {
      url,
      timeoutMs,
      token: async () => (token === undefined ? undefined : store.token(token)),
    };
    made = { of: mapping, resolver: createOwnerResolver(options, { http, clock }), lifetimeMs };
    return made;
  };
}

const asksOutside = ({ ownerFrom = [] }: MappingConfig['rules'][number]): boolean =>
  ownerFrom.includes('sidecar') || ownerFrom.includes('http');
