import { userAgentOf } from '../../app/user-agent.ts';
import type { Config } from '../../config/config.ts';
import { type Finding, ok, warning } from './finding.ts';

/** Whether the operator of a platform is told whom to write to; nothing where there is no platform. */
export function checkContact(config: Pick<Config, 'contact' | 'destinations'>): Finding[] {
  if (config.destinations.every(({ kind }) => kind === 'directory')) return [];
  const about = 'contact';
  if (config.contact !== undefined) return [ok(about, `requests say who they are: ${userAgentOf(config)}`)];
  return [
    warning(
      about,
      'platforms are not told whom to write to when Nightjar burdens them',
      'Set `contact` in nightjar.yaml to a mail address or a URL: it goes into the User-Agent of every request.',
    ),
  ];
}
