import { VERSION } from './version.ts';

/** How we name ourselves to platforms, with whom to write to where one is configured. */
export function userAgentOf({ contact }: { readonly contact?: string }): string {
  return contact === undefined ? `nightjar/${VERSION}` : `nightjar/${VERSION} (+${contact})`;
}
